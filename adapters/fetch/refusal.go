package fetch

// Refusal is an error of a request that a client would not make or finish,
// whatever the server wanted. The errors below are found with errors.Is; who
// may not import this package finds any of them by its method Refused.
type Refusal struct{ kind, text string }

// Error says in plain words what was refused; it holds no address.
func (r *Refusal) Error() string { return r.text }

// Refused returns the kind in one word: "private", "port", "scheme",
// "redirects", "downgrade" or "too-large".
func (r *Refusal) Refused() string { return r.kind }

// The refusals.
var (
	// ErrPrivate: the name leads to an address that is not on the public internet.
	ErrPrivate error = &Refusal{"private", "the address is not on the public internet"}
	// ErrPort: only ports 80 and 443 are asked outside of allowed networks.
	ErrPort error = &Refusal{"port", "only ports 80 and 443 are allowed"}
	// ErrScheme: only http and https are spoken.
	ErrScheme error = &Refusal{"scheme", "only http and https addresses are allowed"}
	// ErrRedirects: more than five redirects.
	ErrRedirects error = &Refusal{"redirects", "more than 5 redirects"}
	// ErrDowngrade: an https address redirected to one without https.
	ErrDowngrade error = &Refusal{"downgrade", "an https address redirects to one that is not"}
	// ErrTooLarge: the body is larger than the client reads.
	ErrTooLarge error = &Refusal{"too-large", "the answer is too large"}
)
