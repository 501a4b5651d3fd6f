package replay

import (
	"math"
	"time"

	"bellwether/alerts/market"
)

// wave is one of the slow and fast movements that a price is made of: it takes a
// new value, at most percent away, every so many seconds.
type wave struct{ seconds, percent float64 }

func waves() [8]wave {
	return [8]wave{
		{5, 0.010}, {23, 0.025}, {97, 0.05}, {401, 0.10},
		{1801, 0.20}, {7207, 0.40}, {43201, 0.8}, {259201, 2},
	}
}

// price returns what a symbol costs at a time.
func (m *Market) price(ticker market.Ticker, in instrument, at time.Time) market.Price {
	seconds := at.Sub(m.start).Seconds()
	var percent float64
	if seconds >= 0 {
		seconds *= m.speed
		// The first minute and a half is calm, so that what is scripted happens at
		// any seed.
		percent = m.noise(ticker, seconds)*in.swing*smooth(seconds/90) + scripted(in.script, seconds)
	} else {
		percent = m.past(ticker, in, at, seconds)
	}
	unit := math.Pow10(in.decimals)
	price, err := market.NewPrice(int64(math.Round(in.start.Float()*(1+percent/100)*unit)), in.decimals)
	if err != nil {
		return in.start // Out of reach: the waves sum to less than 10 %.
	}
	return price
}

// past returns the distance from the start in percent before the start: the same
// waves, bent so that the last midnight gives the previous close.
func (m *Market) past(ticker market.Ticker, in instrument, at time.Time, seconds float64) float64 {
	closing := m.start.Truncate(day)
	closed := closing.Sub(m.start).Seconds()
	gap := in.previous.Float()/in.start.Float()*100 - 100 - m.noise(ticker, closed)*in.swing
	if at.After(closing) {
		gap *= seconds / closed
	}
	return m.noise(ticker, seconds)*in.swing + gap
}

// noise returns the sum of the waves in percent; it is 0 at the start.
func (m *Market) noise(ticker market.Ticker, seconds float64) float64 {
	key := m.seed
	for _, b := range []byte(ticker) {
		key = mix(key ^ uint64(b))
	}
	sum := 0.0
	for i, w := range waves() {
		lane := mix(key + uint64(i))
		sum += w.percent * (between(lane, seconds/w.seconds) - between(lane, 0))
	}
	return sum
}

// between returns a value from -1 to +1 that changes smoothly with x.
func between(lane uint64, x float64) float64 {
	floor := math.Floor(x)
	a, b := value(lane, int64(floor)), value(lane, int64(floor)+1)
	return a + (b-a)*smooth(x-floor)
}

func value(lane uint64, n int64) float64 {
	return float64(mix(lane^mix(uint64(n)))>>11)/(1<<52) - 1
}

// mix scatters the bits of a number (the finaliser of SplitMix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// smooth goes from 0 at 0 to 1 at 1 without a corner.
func smooth(x float64) float64 {
	x = min(1, max(0, x))
	return x * x * (3 - 2*x)
}

// scripted returns how far the script has pushed the price, in percent.
func scripted(script []step, seconds float64) float64 {
	at := 0.0
	for _, s := range script {
		at += (s.percent - at) * smooth((seconds-s.from)/(s.until-s.from))
	}
	return at
}
