package rss

// Topic is a word for several feeds.
type Topic struct {
	Name  string // lower case, as people type it
	Feeds []Source
}

// Source is a feed that we know of.
type Source struct {
	Title string
	URL   string
}

// Topics returns the feeds that come with the program, by topic. All are
// public; publishers may close them, so each has its own health and none is
// needed.
func Topics() []Topic {
	businessTimes := Source{"The Business Times", "https://www.businesstimes.com.sg/rss/companies-markets"}
	straitsTimes := Source{"The Straits Times: Business", "https://www.straitstimes.com/news/business/rss.xml"}
	cna := Source{"CNA: Business", "https://www.channelnewsasia.com/api/v1/rss-outbound-feed?_format=xml&category=6936"}
	scmp := Source{"South China Morning Post: Business", "https://www.scmp.com/rss/92/feed"}
	cnbc := Source{"CNBC: Top News", "https://www.cnbc.com/id/100003114/device/rss/rss.html"}
	marketWatch := Source{"MarketWatch: Top Stories", "https://feeds.content.dowjones.io/public/rss/mw_topstories"}
	fed := Source{"Federal Reserve: Press Releases", "https://www.federalreserve.gov/feeds/press_all.xml"}
	return []Topic{
		{"markets", []Source{cnbc, marketWatch, {"Yahoo Finance", "https://finance.yahoo.com/news/rssindex"}}},
		{"singapore", []Source{businessTimes, straitsTimes, cna}},
		{"asia", []Source{scmp, cna, businessTimes}},
		{"china", []Source{{"South China Morning Post: China Business", "https://www.scmp.com/rss/4/feed"}, scmp}},
		{"us", []Source{cnbc, marketWatch, {"CNBC: Finance", "https://www.cnbc.com/id/10000664/device/rss/rss.html"}}},
		{"europe", []Source{
			{"BBC: Business", "https://feeds.bbci.co.uk/news/business/rss.xml"},
			{"The Guardian: Business", "https://www.theguardian.com/business/rss"},
			{"Financial Times: Markets", "https://www.ft.com/markets?format=rss"},
		}},
		{"crypto", []Source{
			{"CoinDesk", "https://www.coindesk.com/arc/outboundfeeds/rss/"},
			{"Cointelegraph", "https://cointelegraph.com/rss"},
		}},
		{"central banks", []Source{
			fed,
			{"European Central Bank: Press", "https://www.ecb.europa.eu/rss/press.html"},
			{"Bank of England: News", "https://www.bankofengland.co.uk/rss/news"},
		}},
		{"economy", []Source{{"CNBC: Economy", "https://www.cnbc.com/id/20910258/device/rss/rss.html"}, fed}},
		{"earnings", []Source{{"CNBC: Earnings", "https://www.cnbc.com/id/15839135/device/rss/rss.html"}}},
		{"regulators", []Source{{"SEC: Press Releases", "https://www.sec.gov/news/pressreleases.rss"}}},
	}
}
