package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bellwether/adapters/storage"
)

// TestDemoShowsItselfInItsFirstMinute looks at what the demo's guest is told:
// a threshold that was crossed, articles, and nothing of Jakarta's false close.
func TestDemoShowsItselfInItsFirstMinute(t *testing.T) {
	t.Parallel()
	temporary := t.TempDir()
	p := launch(t, []string{"TMPDIR=" + temporary}, "demo", "--listen", "127.0.0.1:0")
	p.prints("Bellwether demo: open http://127.0.0.1:")
	folders, err := filepath.Glob(filepath.Join(temporary, "bellwether-demo-*"))
	if err != nil || len(folders) != 1 {
		t.Fatalf("folders %v, %v", folders, err)
	}
	store, err := storage.Open(t.Context(), storage.Options{URL: "sqlite:" + filepath.Join(folders[0], "bellwether.db")})
	if err != nil {
		t.Fatal(err)
	}
	transcript := func() string {
		entries, err := store.EntriesAfter(t.Context(), guest, 0, 1000)
		if err != nil {
			t.Error(err)
		}
		var all strings.Builder
		for _, e := range entries {
			all.WriteString(e.Body)
		}
		return all.String()
	}
	eventually(t, "a threshold to be crossed", func() bool { return strings.Contains(transcript(), "Bitcoin USD rose to") })
	p.prints("messages delivered")
	eventually(t, "the guest to set things up", func() bool {
		told := transcript()
		return strings.Contains(told, "Alert set") && strings.Contains(told, "Following")
	})
	if told := transcript(); strings.Contains(told, "Jakarta Composite Index is ") {
		t.Error("a false previous close raised an alert")
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}

	p.signal(os.Interrupt)
	if code := p.exit(); code != exitOK || !strings.Contains(p.out.String(), "Ended.") {
		t.Errorf("it ends with %d", code)
	}
	left, err := os.ReadDir(temporary)
	if err != nil || len(left) != 0 {
		t.Errorf("it leaves %v, %v", left, err)
	}
}

func TestDemoGoesOnInItsFolder(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "kept")
	for range 2 {
		p := launch(t, nil, "demo", "--listen", "127.0.0.1:0", "--data", folder)
		p.prints("Bellwether demo: open ")
		// The feeds that were followed the first time are still there.
		address, err := os.ReadFile(filepath.Join(folder, "newsroom"))
		if err != nil {
			t.Fatal(err)
		}
		var dialer net.Dialer
		connection, err := dialer.DialContext(t.Context(), "tcp", string(address))
		if err != nil {
			t.Fatal(err)
		}
		_ = connection.Close()
		p.stop()
	}
	if _, err := os.Stat(filepath.Join(folder, "bellwether.db")); err != nil {
		t.Error(err)
	}
}
