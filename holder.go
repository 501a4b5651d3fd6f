package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// newHolder names this process as no other one: its machine, its number there
// and a random word.
func newHolder() string {
	return fmt.Sprintf("%s %d %s", machine(), os.Getpid(), rand.Text())
}

// machine names where numbers of processes mean the same: containers may share
// the name of their host and see other processes.
func machine() string {
	name, err := os.Hostname()
	if err != nil {
		return "?"
	}
	for _, path := range []string{"/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid"} {
		text, err := os.Readlink(path)
		if err != nil {
			content, _ := os.ReadFile(path) //nolint:gosec // A constant.
			text = strings.TrimSpace(string(content))
		}
		name += "/" + text
	}
	return strings.ReplaceAll(name, " ", "-")
}

// holderIsDead tells whether a process that named itself so is certain to have
// ended: it ran here, and there is none of its number.
func holderIsDead(holder string) bool {
	where, rest, _ := strings.Cut(holder, " ")
	number, _, _ := strings.Cut(rest, " ")
	pid, err := strconv.Atoi(number)
	if err != nil || pid <= 0 || runtime.GOOS == "windows" || where == "?" || where != machine() {
		return false
	}
	if pid == os.Getpid() {
		return true
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return true
	}
	err = process.Signal(syscall.Signal(0))
	return err != nil && !os.IsPermission(err)
}
