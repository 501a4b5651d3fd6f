package market

// Ticker is a symbol's identity: upper case, in the form that the default
// source uses ("^STI", "D05.SI", "BTC-USD", "GC=F", "EURUSD=X").
type Ticker string

// Class is the kind of thing a symbol is. It decides which moves are plausible,
// which sources serve it and what its previous close means.
type Class string

// The classes.
const (
	ClassEquity   Class = "equity"
	ClassETF      Class = "etf"
	ClassIndex    Class = "index"
	ClassCurrency Class = "currency"
	ClassCrypto   Class = "crypto"
	ClassFuture   Class = "future"
	ClassYield    Class = "yield"
)

// Unit is what a symbol's price counts.
type Unit string

// The units. A yield's price is in percent (4.436 is 4.436 % a year), so a
// basis point is 0.01 of it. Pence are hundredths of the currency.
const (
	UnitCurrency Unit = "currency"
	UnitPoints   Unit = "points"
	UnitPercent  Unit = "percent"
	UnitPence    Unit = "pence"
)

// Symbol describes an instrument that can be quoted.
type Symbol struct {
	Ticker   Ticker
	Name     string   // as people call it: "Straits Times Index"
	Aliases  []string // what people type for it, lower case: "sti"
	Exchange string   // ISO 10383 code of the venue whose hours it keeps; "" where unknown
	Currency string   // ISO 4217, "" for an index in points or a yield
	Class    Class
	Unit     Unit
	Decimals int  // decimals in which its price is shown
	Optional bool // the sources may no longer carry it
	Strip    int  // its place in the market strip, from 1; 0 where it has none
}
