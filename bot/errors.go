package bot

import "errors"

// ErrHandled is returned where a request was handled before.
var ErrHandled = errors.New("request was handled before")
