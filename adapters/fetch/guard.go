package fetch

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
)

// Guarded returns a client for addresses that strangers may choose. It looks at
// the address that is really dialled, after the name was resolved and for each
// redirect anew, so a name that changes its mind between a check and its use
// gains nothing. The environment's proxy is not used: behind one, the check
// would see the proxy's address only.
func Guarded(o Options) *http.Client {
	guard := &guard{rules: ssrf.New(), allow: o.AllowNetworks}
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second, Control: guard.control}
	return o.client(o.transport(dialer))
}

type guard struct {
	rules *ssrf.Guardian
	allow []netip.Prefix
}

func (g *guard) control(network, address string, conn syscall.RawConn) error {
	if to, err := netip.ParseAddrPort(address); err == nil && g.allowed(to.Addr()) {
		return nil
	}
	err := g.rules.Safe(network, address, conn)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ssrf.ErrProhibitedPort) && !g.private(network, address, conn):
		return ErrPort
	}
	return ErrPrivate
}

// private tells whether an address on a refused port is a private one as well:
// the more exact reason is the one to give.
func (g *guard) private(network, address string, conn syscall.RawConn) bool {
	host, _, err := net.SplitHostPort(address)
	return err != nil || g.rules.Safe(network, net.JoinHostPort(host, "443"), conn) != nil
}

func (g *guard) allowed(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	for _, network := range g.allow {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}
