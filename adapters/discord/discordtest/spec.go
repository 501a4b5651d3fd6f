package discordtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Spec is Discord's OpenAPI description of its API.
type Spec struct {
	paths []specPath
}

type specPath struct {
	parts []string
	item  *openapi3.PathItem
}

// LoadSpec reads a description from a file.
func LoadSpec(path string) (*Spec, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read Discord's description: %w", err)
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return nil, fmt.Errorf("read Discord's description: %w", err)
	}
	if raw, err = json.Marshal(constAsEnum(tree)); err != nil {
		return nil, fmt.Errorf("read Discord's description: %w", err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		return nil, fmt.Errorf("read Discord's description: %w", err)
	}
	s := new(Spec)
	for name, item := range doc.Paths.Map() {
		s.paths = append(s.paths, specPath{strings.Split(name, "/"), item})
	}
	// A path with names goes before one with placeholders.
	slices.SortFunc(s.paths, func(a, b specPath) int { return placeholders(a) - placeholders(b) })
	return s, nil
}

// constAsEnum writes a constant as the only value of an enumeration: the
// library's validator passes constants over.
func constAsEnum(tree any) any {
	switch v := tree.(type) {
	case map[string]any:
		for key, inner := range v {
			v[key] = constAsEnum(inner)
		}
		if only, ok := v["const"]; ok {
			if _, composite := only.(map[string]any); !composite {
				delete(v, "const")
				v["enum"] = []any{only}
			}
		}
	case []any:
		for i, inner := range v {
			v[i] = constAsEnum(inner)
		}
	}
	return tree
}

func placeholders(p specPath) int {
	n := 0
	for _, part := range p.parts {
		if strings.HasPrefix(part, "{") {
			n++
		}
	}
	return n
}

func (p specPath) matches(parts []string) bool {
	if len(parts) != len(p.parts) {
		return false
	}
	for i, part := range p.parts {
		if !strings.HasPrefix(part, "{") && part != parts[i] {
			return false
		}
	}
	return true
}

// check refuses a request that is not described: its path, its method, a value
// of its body, or a key that nothing knows.
func (s *Spec) check(method, path string, body json.RawMessage) error {
	parts := strings.Split(path, "/")
	i := slices.IndexFunc(s.paths, func(p specPath) bool { return p.matches(parts) })
	if i < 0 {
		return fmt.Errorf("path %s is not described", path)
	}
	operation := s.paths[i].item.GetOperation(method)
	if operation == nil {
		return fmt.Errorf("%s %s is not described", method, path)
	}
	if len(body) == 0 || operation.RequestBody == nil {
		if operation.RequestBody != nil && operation.RequestBody.Value.Required && method != http.MethodPatch {
			return fmt.Errorf("%s %s needs a body", method, path)
		}
		return nil
	}
	media := operation.RequestBody.Value.Content.Get("application/json")
	if media == nil || media.Schema == nil {
		return nil
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return err
	}
	if err := media.Schema.Value.VisitJSON(value); err != nil {
		return fmt.Errorf("%s %s: %s", method, path, brief(err))
	}
	return unknownKeys("", value, []*openapi3.Schema{media.Schema.Value})
}

// brief returns the first line of an error, which else describes whole schemas.
func brief(err error) string {
	first, _, _ := strings.Cut(err.Error(), "\n")
	return first
}

// unknownKeys refuses keys that none of the schemas has: the library lets them
// pass.
func unknownKeys(at string, value any, schemas []*openapi3.Schema) error {
	schemas = widen(schemas)
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			var next []*openapi3.Schema
			open := len(schemas) == 0
			for _, s := range schemas {
				if ref := s.Properties[key]; ref != nil {
					next = append(next, ref.Value)
				}
				if ref := s.AdditionalProperties.Schema; ref != nil {
					next = append(next, ref.Value)
				}
			}
			if len(next) == 0 && !open {
				return fmt.Errorf("key %s.%s is not described", at, key)
			}
			if err := unknownKeys(at+"."+key, inner, next); err != nil {
				return err
			}
		}
	case []any:
		var next []*openapi3.Schema
		for _, s := range schemas {
			if s.Items != nil {
				next = append(next, s.Items.Value)
			}
		}
		for _, inner := range v {
			if err := unknownKeys(at+"[]", inner, next); err != nil {
				return err
			}
		}
	}
	return nil
}

// widen adds the schemas that the given ones are put together from.
func widen(schemas []*openapi3.Schema) []*openapi3.Schema {
	seen := make(map[*openapi3.Schema]bool)
	var list []*openapi3.Schema
	var add func(s *openapi3.Schema)
	add = func(s *openapi3.Schema) {
		if s == nil || seen[s] {
			return
		}
		seen[s] = true
		list = append(list, s)
		for _, refs := range []openapi3.SchemaRefs{s.AllOf, s.OneOf, s.AnyOf} {
			for _, ref := range refs {
				add(ref.Value)
			}
		}
	}
	for _, s := range schemas {
		add(s)
	}
	return list
}
