//go:build unix

package telegram

import (
	"errors"
	"syscall"
	"time"
)

// ended tells whether the other side has ended an idle connection, or has said
// something that nobody asked for.
func ended(raw syscall.RawConn, _ time.Duration) bool {
	if raw == nil {
		return false
	}
	quiet := false
	err := raw.Read(func(fd uintptr) bool {
		var next [1]byte
		_, _, err := syscall.Recvfrom(int(fd), next[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		quiet = errors.Is(err, syscall.EAGAIN)
		return true
	})
	return err != nil || !quiet
}
