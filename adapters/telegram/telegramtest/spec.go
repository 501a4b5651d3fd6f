package telegramtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
)

// spec is the Bot API's description: what may be asked for, and with what.
type spec struct {
	Methods map[string]object `json:"methods"`
	Types   map[string]object `json:"types"`
}

type object struct {
	Fields   []field  `json:"fields"`
	Subtypes []string `json:"subtypes"`
}

type field struct {
	Name     string   `json:"name"`
	Types    []string `json:"types"`
	Required bool     `json:"required"`
}

func readSpec(path string) (*spec, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the Bot API's description: %w", err)
	}
	var s spec
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("read the Bot API's description: %w", err)
	}
	return &s, nil
}

// legacy are parameters that Telegram's own server still takes, but describes no
// more; a new client has no use for them.
func legacy(name string) bool {
	switch name {
	case "disable_web_page_preview", "reply_to_message_id", "allow_sending_without_reply":
		return true
	}
	return false
}

// checkFields refuses a method or a parameter that the Bot API does not describe.
func (s *Server) checkFields(call request) error {
	for name := range call.params {
		if legacy(name) {
			return bad("parameter %q is not described any more", name)
		}
	}
	if s.spec == nil {
		return nil
	}
	method, ok := s.spec.Methods[call.method]
	if !ok {
		return &refusal{code: http.StatusNotFound, text: "Not Found: method not found"}
	}
	for name, value := range call.params {
		i := slices.IndexFunc(method.Fields, func(f field) bool { return f.Name == name })
		if i < 0 {
			return bad("parameter %q is not described", name)
		}
		if err := s.spec.checkText(method.Fields[i], value); err != nil {
			return bad("parameter %q: %v", name, err)
		}
	}
	for _, f := range method.Fields {
		_, given := call.params[f.Name]
		if _, uploaded := call.files[f.Name]; f.Required && !given && !uploaded {
			return bad("parameter %q is required", f.Name)
		}
	}
	return nil
}

// checkText checks a parameter, which comes as text.
func (s *spec) checkText(f field, value string) error {
	for _, kind := range f.Types {
		switch kind {
		case "String", "InputFile":
			return nil
		case "Integer":
			if _, err := strconv.ParseInt(value, 10, 64); err == nil {
				return nil
			}
			continue
		case "Boolean":
			if value == "true" || value == "false" {
				return nil
			}
			continue
		case "Float":
			if _, err := strconv.ParseFloat(value, 64); err == nil {
				return nil
			}
			continue
		}
		var decoded any
		if err := json.Unmarshal([]byte(value), &decoded); err != nil {
			return fmt.Errorf("not JSON: %w", err)
		}
		if s.accepts(kind, decoded) {
			return nil
		}
	}
	return fmt.Errorf("not one of %s", strings.Join(f.Types, ", "))
}

// accepts tells whether a value is of a described type, with no field that is
// not described and none missing.
func (s *spec) accepts(kind string, value any) bool {
	if inner, ok := strings.CutPrefix(kind, "Array of "); ok {
		list, ok := value.([]any)
		return ok && !slices.ContainsFunc(list, func(v any) bool { return !s.accepts(inner, v) })
	}
	switch v := value.(type) {
	case string:
		return kind == "String" || kind == "InputFile"
	case bool:
		return kind == "Boolean"
	case float64:
		return kind == "Float" || kind == "Integer" && v == float64(int64(v))
	case map[string]any:
		return s.acceptsObject(kind, v)
	}
	return false
}

func (s *spec) acceptsObject(kind string, v map[string]any) bool {
	described, ok := s.Types[kind]
	if !ok {
		return false
	}
	if len(described.Subtypes) > 0 {
		return slices.ContainsFunc(described.Subtypes, func(sub string) bool { return s.accepts(sub, v) })
	}
	known := 0
	for _, f := range described.Fields {
		inner, given := v[f.Name]
		if !given {
			if f.Required {
				return false
			}
			continue
		}
		known++
		if !slices.ContainsFunc(f.Types, func(t string) bool { return s.accepts(t, inner) }) {
			return false
		}
	}
	return known == len(v)
}
