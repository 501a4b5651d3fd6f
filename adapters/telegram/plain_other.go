//go:build !unix

package telegram

import (
	"syscall"
	"time"
)

// ended tells whether the other side may have ended an idle connection. It can
// not be looked at here, so that one is trusted only while requests follow each
// other.
func ended(raw syscall.RawConn, idle time.Duration) bool { return raw != nil && idle > time.Second }
