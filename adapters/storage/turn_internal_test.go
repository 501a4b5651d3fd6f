package storage

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestTurnsAreTakenInTheOrderInWhichTheyWereAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var turn turn
		if err := turn.take(t.Context()); err != nil {
			t.Fatal(err)
		}
		var order []int
		for i := range 5 {
			go func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if i == 2 {
					time.AfterFunc(time.Second, cancel)
				}
				if err := turn.take(ctx); err != nil {
					if i != 2 || !errors.Is(err, context.Canceled) {
						t.Errorf("%d: %v", i, err)
					}
					return
				}
				order = append(order, i)
				turn.give()
			}()
			synctest.Wait()
		}
		time.Sleep(2 * time.Second)
		turn.give()
		synctest.Wait()
		if !slices.Equal(order, []int{0, 1, 3, 4}) {
			t.Errorf("taken in the order %d", order)
		}
		if err := turn.take(t.Context()); err != nil {
			t.Errorf("nobody has it: %v", err)
		}
	})
}
