package bot_test

import (
	"testing"
	"time"
)

func TestFollowAndWhatArrives(t *testing.T) {
	talk(t, func(r *rig) {
		r.feeds.publish("https://one.example/feed", "a1", "An old story")
		ann := r.private("ann")
		out := ann.say("/follow https://one.example/feed") + ann.hears()
		r.wait(31 * time.Second)
		out += ann.hears()
		r.has(out, "Following The One. Its newest article comes in a moment, then each new one.", "[Unfollow]", "An old story")
		r.feeds.publish("https://one.example/feed", "a2", "Rates are cut")
		r.wait(6 * time.Minute)
		r.has(r.private("bob").say("/follow https://one.example/feed"), "Following The One. Each new article comes by itself.")
		r.has(ann.hears(), "Rates are cut", "What happened in a sentence.", "The One · ", "https://news.example/a2", "[Unfollow]")
		r.has(ann.say("/why"), "Because The One is followed here", "delivered")
		r.has(ann.press("Unfollow"), "The One is not followed here any more.")
		r.feeds.publish("https://one.example/feed", "a3", "Nobody reads this")
		r.wait(6 * time.Minute)
		r.lacks(ann.hears(), "Nobody")
	})
}

// TestManyFollowANewFeedAtOnce: while one of them is looking at it, it is known
// to none.
func TestManyFollowANewFeedAtOnce(t *testing.T) {
	talk(t, func(r *rig) {
		r.feeds.publish("https://one.example/feed", "a1", "An old story")
		r.feeds.slow = time.Second
		var crowd []*voice
		for _, name := range []string{"ann", "bob", "cy"} {
			crowd = append(crowd, r.private(name))
			crowd[len(crowd)-1].say("/follow https://one.example/feed")
		}
		r.wait(31 * time.Second)
		r.feeds.publish("https://one.example/feed", "a2", "Rates are cut")
		r.wait(6 * time.Minute)
		for _, p := range crowd {
			r.has(p.hears(), "Following The One.", "Rates are cut")
			r.has(p.say("/following"), "Following 1 feed")
		}
	})
}

func TestFollowTopicTellsASummary(t *testing.T) {
	talk(t, func(r *rig) {
		r.feeds.publish("https://one.example/feed", "a1", "First of one")
		r.feeds.publish("https://two.example/feed", "b1", "First of two")
		ann := r.private("ann")
		r.has(ann.say("/follow"), "Send the address of a feed, or a topic: markets, crypto.", "[markets][crypto]")
		out := ann.press("markets")
		r.wait(31 * time.Second)
		out += ann.hears()
		r.has(out, "(edit) Following markets, 2 feeds: The One, The Two.", "The newest of 2 feeds that you follow now", "First of one", "First of two")
		r.has(ann.say("/follow markets"), "All feeds of markets are followed here already.")
	})
}

func TestSameStoryOfAnotherFeedIsAddedToItsMessage(t *testing.T) {
	talk(t, func(r *rig) {
		ann, bob := r.private("ann"), r.private("bob")
		r.feeds.publish("https://one.example/feed", "a0", "Nothing yet")
		r.feeds.publish("https://two.example/feed", "b0", "Nothing here")
		ann.say("/follow markets")
		bob.say("/follow two.example/feed")
		r.wait(time.Minute)
		ann.hears()
		bob.hears()
		headline := "Central bank of Singapore leaves its policy unchanged in a surprise decision"
		r.feeds.publish("https://one.example/feed", "a1", headline)
		r.wait(6 * time.Minute)
		r.has(ann.hears(), headline)
		r.feeds.publish("https://two.example/feed", "b1", headline)
		r.wait(6 * time.Minute)
		r.has(ann.hears(), "(edit) "+headline, "also: The Two", "The One")
		told := bob.hears()
		r.has(told, headline, "The Two")
		r.lacks(told, "also")
	})
}

func TestFeedsThatCannotBeFollowedSayWhy(t *testing.T) {
	for kind, says := range map[string]string{
		"not-feed": "a page, not a feed", "private": "on a private network", "large": "too large", "slow": "did not answer in time",
		"broken": "That feed is broken", "gone": "nothing at that address", "refused": "does not let me read it",
	} {
		t.Run(kind, func(t *testing.T) {
			talk(t, func(r *rig) {
				r.feeds.problems["https://bad.example/"] = &problem{kind: kind}
				ann := r.private("ann")
				r.has(ann.say("/follow https://bad.example/"), says)
				r.has(ann.say("/following"), "Nothing is followed here")
			})
		})
	}
}

func TestPageOffersItsFeeds(t *testing.T) {
	talk(t, func(r *rig) {
		r.feeds.problems["https://page.example"] = &problem{kind: "not-feed", instead: []string{"https://one.example/feed"}}
		ann := r.private("ann")
		r.has(ann.say("/follow page.example"), "a page, not a feed", "[https://one.example/feed]")
		r.has(ann.press("https://one.example/feed"), "(edit) Following The One")
	})
}

func TestFollowTakesNoNonsense(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		r.has(ann.say("/follow nonsense"), `"nonsense" is neither an address nor a topic. Topics are: markets, crypto.`)
		r.has(ann.say("/follow ftp://one.example/feed"), "is neither an address nor a topic")
		r.has(ann.say("/follow https://user:secret@one.example/feed"), "is neither an address nor a topic")
		ann.say("/follow one.example/feed")
		r.has(ann.say("/follow one.example/feed"), "The One is followed here already.")
		r.has(ann.say("/unfollow 7"), `"7" is not followed here`)
		r.has(ann.say("/unfollow 1"), "The One is not followed here any more.")
	})
}

func TestFollowingHasPagesAndStaysWhenOneIsDropped(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		for _, name := range []string{"one", "two", "three", "n4", "n5", "n6", "n7", "n8"} {
			address := "https://" + name + ".example/feed"
			feed := r.feeds.feeds[address]
			feed.URL = address
			if feed.Title == "" {
				feed.Title = "Feed " + name
			}
			r.feeds.feeds[address] = feed
			r.has(ann.say("/follow "+address), "Following")
		}
		r.has(ann.say("/following"), "Following 8 feeds", "1. The One · https://one.example/feed", "[Unfollow 1][Unfollow 2][Unfollow 3]", "[Page 2 of 2]")
		r.has(ann.press("Page 2 of 2"), "(edit)", "7. Feed n7", "[Unfollow 7][Unfollow 8]", "[Back]")
		r.has(ann.press("Unfollow 7"), "(edit) Following 7 feeds", "Feed n7 is not followed here any more.", "7. Feed n8")
		ann.press("Back")
		r.has(ann.press("Unfollow 1"), "(edit) Following 6 feeds", "1. The Two")
	})
}
