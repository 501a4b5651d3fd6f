package newsroom

// desk is which paper prints a story.
type desk int

const (
	markets desk = iota
	asia
	both
)

// story is a made-up article.
type story struct {
	slug   string
	title  string
	asia   string // its title in the second paper, where both print it
	desk   desk
	author string
	text   []string
}

// stories are what the newsroom tells, in its order. Nothing in them happened.
func stories() []story {
	return append(openingStories(), laterStories()...)
}

func openingStories() []story {
	return []story{
		{"banks-lift-sti", "Banks lift Straits Times Index in early trade", "", asia, "Jane Tan", []string{
			"The Straits Times Index rose in early trade as the three local banks gained, with DBS in front. Traders spoke of steady buying rather than a rush.",
			"Turnover was a little above its average of the month, and rising shares outnumbered falling ones by two to one.",
		}},
		{"gold-waits", "Gold steady as traders wait for the Fed", "", markets, "Omar Haddad", []string{
			"Gold held in a narrow range while traders waited for the Federal Reserve's statement. Dealers said that few wanted to move first.",
			"Demand for coins stayed firm, a refiner in Zurich said, and premiums hardly changed.",
		}},
		{"ferry-order", "Batam ferry operator orders twelve electric boats", "", asia, "Siti Rahma", []string{
			"A ferry operator in Batam ordered twelve electric boats for its lines to Singapore. The first is to sail in spring.",
			"The boats carry 180 passengers each and are charged in eleven minutes, the builder said.",
		}},
		{"chip-plant", "Nvidia partner to build packaging plant in Penang", "Penang wins chip packaging plant of a Nvidia partner", both, "Lim Wei", []string{
			"A partner of Nvidia will build a plant for advanced packaging in Penang, the company and the state said on the sidelines of a trade fair.",
			"The plant is to employ 1,400 people when it opens in two years, and a training centre beside it will take in 200 apprentices a year.",
			"Suppliers on the island had waited for the decision since the summer. Two of them rose by more than four per cent after it was made known.",
		}},
		{"oil-stocks", "Crude oil slips as stocks build for a third week", "", markets, "Omar Haddad", []string{
			"Crude oil slipped after a report showed that stocks had grown for a third week. Refiners are in their season of repairs.",
			"The fall was small, and brokers pointed to cold weather in the forecast.",
		}},
		{"nikkei-exporters", "Nikkei climbs as a weaker yen helps exporters", "", asia, "Kenji Mori", []string{
			"The Nikkei climbed for a second day as a weaker yen lifted makers of cars and cameras. Retailers were left behind.",
			"A strategist in Tokyo called the move orderly and said that foreign funds had been buyers.",
		}},
		{"apple-repair", "Apple opens repair centre for Southeast Asia in Johor", "", markets, "Lim Wei", []string{
			"Apple will open a repair centre for Southeast Asia in Johor. Phones from six countries are to be mended there within three days.",
			"Until now many of them travelled to Shanghai and back.",
		}},
		{"hang-seng-property", "Hang Seng gives up gains as developers fall", "", asia, "Grace Ho", []string{
			"The Hang Seng gave up its gains after midday as developers fell. A rights issue by one of them weighed on all.",
			"Banks and utilities held their ground.",
		}},
		{"bitcoin-range", "Bitcoin trades in its tightest range of the year", "", markets, "Ana Costa", []string{
			"Bitcoin has traded in its tightest range of the year this week. Options dealers take that for the calm before something.",
			"What that something is, none of them would say.",
		}},
		{"durian-futures", "Pahang growers ask for a durian future", "", asia, "Siti Rahma", []string{
			"Growers in Pahang asked the exchange to list a future on durians. Prices swing by half within a season, they said.",
			"The exchange promised to look into it, and into how to deliver the fruit without emptying the building.",
		}},
		{"yields-auction", "Treasury yields edge down after a strong auction", "", markets, "Ana Costa", []string{
			"The yield of the 10-year Treasury edged down after an auction that drew more bids than usual. Foreign buyers took a larger part.",
			"Traders now look at the figures on employment at the end of the week.",
		}},
		{"jakarta-feed", "Jakarta exchange explains a false closing price", "Data slip in Jakarta shows index at half its value", both, "Dewi Lestari", []string{
			"The Jakarta exchange said that a data vendor had sent out a false previous close of its composite index, which made it look as if half of its value had gone.",
			"Prices were right at all times, the exchange said, and no trade was affected. Some screens showed a fall of fifty per cent for several hours.",
			"The vendor apologised and said that a test record had found its way into the live feed. Several apps passed the figure on to their users without a second look.",
		}},
	}
}

func laterStories() []story {
	return []story{
		{"dbs-dividend", "DBS raises dividend and keeps its outlook", "", asia, "Jane Tan", []string{
			"DBS raised its dividend and kept its outlook for the year. Income from fees made up for thinner margins on loans.",
			"The bank put aside a little less for bad loans than it had a year before.",
		}},
		{"sp-record", "S&P 500 closes a hair below its record", "", markets, "Ana Costa", []string{
			"The S&P 500 closed a hair below its record as shares of software makers rose. Energy was the only group that fell.",
			"Volume was thin before the holiday.",
		}},
		{"manila-tolls", "PSE Index rises as court settles toll dispute", "", asia, "Marco Reyes", []string{
			"The PSE Index rose after a court settled a dispute on tolls that had run for six years. Operators of roads gained most.",
			"They may now raise tolls once a year, within a limit.",
		}},
		{"ftse-pound", "FTSE 100 slips as the pound firms", "", markets, "Tom Ellery", []string{
			"The FTSE 100 slipped as a firmer pound weighed on companies that earn abroad. Housebuilders rose.",
			"A survey showed that orders of builders grew for the first time in five months.",
		}},
		{"palm-oil-kl", "Bursa Malaysia edges up with palm oil", "", asia, "Lim Wei", []string{
			"The FTSE Bursa Malaysia index edged up with the price of palm oil. Planters expect a smaller crop after the rains.",
			"Glove makers fell after a broker cut its view of them.",
		}},
		{"nvidia-cooling", "Nvidia shows server that cools itself with warm water", "", markets, "Grace Ho", []string{
			"Nvidia showed a server that is cooled with warm water, which saves the machine that would chill it. Operators in the tropics took note.",
			"It is to ship to the first customers in summer.",
		}},
		{"cable-asia", "Seven carriers agree on undersea cable from Singapore to Tokyo", "Undersea cable to link Singapore and Tokyo by 2029", both, "Kenji Mori", []string{
			"Seven carriers agreed to lay an undersea cable from Singapore to Tokyo with landings in Vietnam, the Philippines and Taiwan. It is to carry traffic from 2029.",
			"The cable costs a little more than a billion dollars, shared by capacity. Two cloud companies reserved a third of it before the contract was signed.",
			"Fishermen along the route will be paid for the weeks in which they cannot work.",
		}},
		{"dow-insurers", "Dow led by insurers after a calm storm season", "", markets, "Tom Ellery", []string{
			"The Dow was led by insurers after a storm season that was calmer than feared. Makers of machines followed.",
			"Analysts raised their estimates for four of them.",
		}},
		{"hawker-card", "Hawker centres drop cash for a week, and bring it back", "", asia, "Siti Rahma", []string{
			"Three hawker centres tried a week without cash and brought it back on the eighth day. The queues had been longer, not shorter.",
			"A stall owner said that coins had never needed an update.",
		}},
		{"nasdaq-chips", "Nasdaq turns lower as chip makers pause", "", markets, "Grace Ho", []string{
			"The Nasdaq turned lower in the afternoon as makers of chips paused after a run of nine days. Apple and Nvidia both gave up early gains.",
			"Money went into makers of drinks and soap.",
		}},
		{"crypto-index", "Crypto index adds two coins and drops three", "", markets, "Ana Costa", []string{
			"The CMC Crypto 200 index will add two coins and drop three at its next review. Its maker said that trading in the three had dried up.",
			"Funds that follow the index have a month to adjust.",
		}},
		{"port-robots", "Tuas port hands its night shift to robots", "", asia, "Jane Tan", []string{
			"The port at Tuas handed the night shift of one quay to driverless carriers. People watch them from a room two kilometres away.",
			"The trial is to last until June and is to grow if nothing is dropped.",
		}},
	}
}
