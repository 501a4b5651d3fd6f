package bot

import (
	"slices"
	"strings"
	"time"
)

// zoneTable finds time zones by what people type.
type zoneTable struct {
	names []string // IANA names, sorted
}

// zoneNames are the zones of cities where people follow markets, and one for
// every other offset. Any other IANA name is taken as it is typed.
func zoneNames() []string {
	return strings.Fields(`
Africa/Cairo Africa/Casablanca Africa/Johannesburg Africa/Lagos Africa/Nairobi
America/Anchorage America/Argentina/Buenos_Aires America/Bogota America/Chicago America/Denver America/Halifax
America/Lima America/Los_Angeles America/Mexico_City America/New_York America/Phoenix America/Santiago
America/Sao_Paulo America/St_Johns America/Toronto America/Vancouver
Asia/Almaty Asia/Baghdad Asia/Bangkok Asia/Colombo Asia/Dhaka Asia/Dubai Asia/Ho_Chi_Minh Asia/Hong_Kong
Asia/Jakarta Asia/Jerusalem Asia/Kabul Asia/Karachi Asia/Kathmandu Asia/Kolkata Asia/Kuala_Lumpur Asia/Makassar
Asia/Manila Asia/Qatar Asia/Riyadh Asia/Seoul Asia/Shanghai Asia/Singapore Asia/Taipei Asia/Tashkent Asia/Tehran
Asia/Tokyo Asia/Yangon
Atlantic/Azores Atlantic/Reykjavik Australia/Adelaide Australia/Brisbane Australia/Darwin Australia/Melbourne
Australia/Perth Australia/Sydney
Europe/Amsterdam Europe/Athens Europe/Berlin Europe/Brussels Europe/Bucharest Europe/Budapest Europe/Copenhagen
Europe/Dublin Europe/Helsinki Europe/Istanbul Europe/Kyiv Europe/Lisbon Europe/London Europe/Luxembourg
Europe/Madrid Europe/Moscow Europe/Oslo Europe/Paris Europe/Prague Europe/Rome Europe/Stockholm Europe/Vienna
Europe/Warsaw Europe/Zurich
Pacific/Auckland Pacific/Fiji Pacific/Honolulu UTC`)
}

func newZoneTable() zoneTable {
	names := zoneNames()
	slices.Sort(names)
	return zoneTable{names: names}
}

// city returns how a zone's place is called: "New York".
func city(zone string) string {
	return strings.ReplaceAll(zone[strings.LastIndexByte(zone, '/')+1:], "_", " ")
}

// find returns the zones that were probably meant, the likeliest first.
func (z zoneTable) find(typed string, limit int) []string {
	typed = strings.TrimSpace(typed)
	if typed == "" || strings.EqualFold(typed, "local") {
		return nil
	}
	want := strings.ToLower(strings.ReplaceAll(typed, "_", " "))
	var exact, prefix, inside []string
	for _, name := range z.names {
		whole, place := strings.ToLower(strings.ReplaceAll(name, "_", " ")), strings.ToLower(city(name))
		switch {
		case whole == want || place == want:
			exact = append(exact, name)
		case strings.HasPrefix(place, want) || strings.HasPrefix(whole, want):
			prefix = append(prefix, name)
		case len(want) >= 3 && strings.Contains(whole, want):
			inside = append(inside, name)
		}
	}
	if len(exact) == 1 {
		return exact
	}
	found := append(append(exact, prefix...), inside...)
	if len(found) == 0 {
		found = z.guess(typed, want)
	}
	return found[:min(limit, len(found))]
}

// guess finds a zone that is not in the table by its name, or a city by what is
// nearly its name.
func (z zoneTable) guess(typed, want string) []string {
	if _, err := time.LoadLocation(typed); err == nil && strings.Contains(typed, "/") {
		return []string{typed}
	}
	var found []string
	for _, name := range z.names {
		// A short word is near to half of all names: "Mars" is not Paris.
		if distance(strings.ToLower(city(name)), want) <= min(2, len(want)/4) {
			found = append(found, name)
		}
	}
	return found
}
