package bot_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"bellwether/bot"
	"bellwether/subscriptions"
)

// slowInbox lets a transaction wait until it is told, and counts them.
type slowInbox struct {
	bot.Stores
	goOn chan struct{}
	bad  string // the request that no transaction may hold

	mu    sync.Mutex
	sizes []int
}

var errBadRequest = errors.New("this cannot be written")

func (s *slowInbox) PutRequests(_ context.Context, requests []bot.Request) ([]bot.Request, error) {
	<-s.goOn
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sizes = append(s.sizes, len(requests))
	for _, r := range requests {
		if r.ID == s.bad {
			return nil, errBadRequest
		}
	}
	return nil, nil
}

// TestManyPeopleAtOnceShareATransaction: what comes while the inbox is being
// written goes into the next transaction, and one that cannot be written costs
// the others nothing.
func TestManyPeopleAtOnceShareATransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inbox := &slowInbox{goOn: make(chan struct{}), bad: "discord/main/30"}
		b, err := bot.New(bot.Options{Store: inbox})
		if err != nil {
			t.Fatal(err)
		}
		const people = 50
		errs := make([]error, people)
		var all sync.WaitGroup
		for i := range people {
			all.Go(func() {
				errs[i] = b.Submit(t.Context(), bot.Request{
					ID: fmt.Sprintf("discord/main/%d", i), Identity: subscriptions.Identity{Platform: subscriptions.Discord, User: fmt.Sprint(i)},
				})
			})
		}
		synctest.Wait()
		close(inbox.goOn)
		all.Wait()
		// Those of the transaction that failed were tried one by one between.
		if n := inbox.sizes[0]; n != people && !slices.Contains(inbox.sizes[1:], people-n) {
			t.Errorf("transactions of %v requests", inbox.sizes)
		}
		for i, err := range errs {
			if (i == 30) != errors.Is(err, errBadRequest) {
				t.Errorf("request %d: %v", i, err)
			}
		}
	})
}
