package storage_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bellwether/adapters/storage"
)

func TestLeaseHasOneHolder(t *testing.T) {
	everyStore(t, func(t *testing.T, s *storage.Store) {
		lease, ctx := s.Lease(), t.Context()
		first, err := lease.Take(ctx, "a", time.Minute)
		if err != nil || first.Holder != "a" || first.Left < 55*time.Second || first.Left > time.Minute {
			t.Fatalf("%+v, %v", first, err)
		}
		other, err := lease.Take(ctx, "b", time.Minute)
		if err != nil || other.Holder != "a" || other.Epoch != first.Epoch {
			t.Fatalf("%+v, %v", other, err)
		}
		again, err := lease.Take(ctx, "a", time.Minute)
		if err != nil || again.Holder != "a" || again.Epoch != first.Epoch {
			t.Fatalf("renewed: %+v, %v", again, err)
		}
		if err := lease.Yield(ctx, first.Epoch+1); err != nil {
			t.Fatal(err)
		}
		if other, err = lease.Take(ctx, "b", time.Minute); err != nil || other.Holder != "a" {
			t.Fatalf("ended by a stranger's epoch: %+v, %v", other, err)
		}
		if err := lease.Yield(ctx, first.Epoch); err != nil {
			t.Fatal(err)
		}
		if other, err = lease.Take(ctx, "b", time.Minute); err != nil || other.Holder != "b" || other.Epoch <= first.Epoch {
			t.Fatalf("after the end: %+v, %v", other, err)
		}
	})
}

func TestLeaseThatRanOutIsTaken(t *testing.T) {
	everyStore(t, func(t *testing.T, s *storage.Store) {
		lease, ctx := s.Lease(), t.Context()
		first, err := lease.Take(ctx, "a", 0)
		if err != nil {
			t.Fatal(err)
		}
		second, err := lease.Take(ctx, "b", time.Minute)
		if err != nil || second.Holder != "b" || second.Epoch != first.Epoch+1 {
			t.Fatalf("%+v, %v", second, err)
		}
		if late, err := lease.Take(ctx, "a", time.Minute); err != nil || late.Holder != "b" {
			t.Fatalf("the first came back: %+v, %v", late, err)
		}
	})
}

func TestManyAskForOneLease(t *testing.T) {
	everyStore(t, func(t *testing.T, s *storage.Store) {
		var holders atomic.Int64
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				name := fmt.Sprint("holder", i)
				held, err := s.Lease().Take(t.Context(), name, time.Minute)
				if err != nil {
					t.Error(err)
				}
				if held.Holder == name {
					holders.Add(1)
				}
			})
		}
		all.Wait()
		if holders.Load() != 1 {
			t.Errorf("%d hold the lease", holders.Load())
		}
	})
}
