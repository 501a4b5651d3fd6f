package alerts

import (
	"strconv"
	"strings"
	"time"

	"bellwether/alerts/market"
)

// memory is what State.Memory says: the time of the quote that changed the
// state last and, while a firing lasts, the band of each condition. It is
// written as numbers apart by spaces, the time in nanoseconds since 1970.
type memory struct {
	at    time.Time
	bands []market.Price
}

func readMemory(text string) memory {
	var m memory
	for i, word := range strings.Fields(text) {
		if i == 0 {
			if nanos, err := strconv.ParseInt(word, 10, 64); err == nil && nanos != 0 {
				m.at = time.Unix(0, nanos).UTC()
			}
			continue
		}
		band, err := market.ParsePrice(word)
		if err != nil {
			return memory{at: m.at}
		}
		m.bands = append(m.bands, band)
	}
	return m
}

func (m memory) String() string {
	if m.at.IsZero() && len(m.bands) == 0 {
		return ""
	}
	nanos := int64(0)
	if !m.at.IsZero() {
		nanos = m.at.UnixNano()
	}
	words := []string{strconv.FormatInt(nanos, 10)}
	for _, band := range m.bands {
		words = append(words, band.String())
	}
	return strings.Join(words, " ")
}

// remember keeps what the next evaluation needs, where something changed.
func (e *evaluation) remember(after side) {
	e.state.Memory = e.memory.String()
	if e.rule.RegularHours && after != unknown {
		e.state.Side = after
	}
	if e.state == e.given {
		return
	}
	if after != unknown {
		e.state.Side = after
	}
	e.memory.at = e.tick.To.Time
	e.state.Memory = e.memory.String()
}
