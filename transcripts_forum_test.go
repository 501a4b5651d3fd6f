package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"bellwether/adapters/discord/discordtest"
	"bellwether/subscriptions"
)

// post is what is read of a thread that was opened in a forum.
type post struct {
	Name    string   `json:"name"`
	Tags    []string `json:"applied_tags"`
	Message struct {
		Content  string `json:"content"`
		Mentions struct {
			Parse []string `json:"parse"`
			Roles []string `json:"roles"`
		} `json:"allowed_mentions"`
	} `json:"message"`
}

// posts returns the threads that were opened in a forum.
func (s *stage) posts(forum string) []post {
	var out []post
	for _, r := range s.discord.Requests() {
		var p post
		if r.Method == "POST" && strings.HasSuffix(r.Path, "/channels/"+forum+"/threads") && json.Unmarshal(r.Body, &p) == nil {
			out = append(out, p)
		}
	}
	return out
}

// TestDiscordForumIsSetUpFromElsewhere: nobody can type in a forum. Its posts
// have the tags that it demands, and notify exactly the role that was allowed.
func TestDiscordForumIsSetUpFromElsewhere(t *testing.T) {
	t.Parallel()
	const forum, tag, role = "300000000000000041", "700000000000000001", "600000000000000001"
	s := openStage(t, subscriptions.Discord, stageOptions{})
	s.discord.AddChannel(discordtest.Channel{
		ID: forum, Guild: discordtest.Guild, Kind: 15, Name: "stories", DemandsTag: true, Tags: []discordtest.Tag{{ID: tag, Name: "Markets"}},
	})
	moderator := &discordPerson{stage: s, user: "500000000000000031", channel: discordtest.General, permissions: manageServer}
	member := &discordPerson{stage: s, user: "500000000000000032", channel: discordtest.General, permissions: discordtest.ViewChannel}
	add := map[string]any{"symbol": "AAPL", "condition": "> 203", "to": "here", "mention": role}
	for _, turn := range []struct {
		who   *discordPerson
		deed  discordtest.Deed
		hears []string
	}{
		{moderator, discordtest.Deed{Name: "settings", Options: map[string]any{"tags": "Weather"}}, []string{`has no tag "Weather". It has: Markets.`}},
		{moderator, discordtest.Deed{Name: "settings", Options: map[string]any{"tags": "markets"}}, []string{"Place: stories", "Tags: Markets"}},
		{moderator, discordtest.Deed{Name: "alert", Sub: "add", Options: add}, []string{"Alerts here may not notify that role", "/settings mention"}},
		{moderator, discordtest.Deed{Name: "settings", Options: map[string]any{"mention": role}}, []string{"Roles that alerts may notify: <@&" + role + ">"}},
		{member, discordtest.Deed{Name: "alert", Sub: "add", Options: add}, []string{"Only moderators change what this place gets"}},
		{moderator, discordtest.Deed{Name: "alert", Sub: "add", Options: add}, []string{"Alert set", "AAPL > 203 <@&" + role + ">"}},
	} {
		turn.deed.In = forum
		mark := len(turn.who.Hears())
		turn.who.does(turn.deed)
		if !comesWithin(turnTime, func() bool { return containsAll(transcriptOf(turn.who.Hears()[mark:]), turn.hears) }) {
			t.Fatalf("waited for %q, heard:\n%s", turn.hears, transcriptOf(turn.who.Hears()[mark:]))
		}
	}
	s.floor.moves("AAPL 203.50")
	if !comesWithin(turnTime, func() bool { return len(s.posts(forum)) > 0 }) {
		t.Fatal("nothing is posted")
	}
	p := s.posts(forum)[0]
	if !strings.Contains(p.Name, "Apple rose to 203.00") || !slices.Equal(p.Tags, []string{tag}) || !strings.Contains(p.Message.Content, "<@&"+role+">") ||
		p.Message.Mentions.Parse == nil || len(p.Message.Mentions.Parse) > 0 || !slices.Equal(p.Message.Mentions.Roles, []string{role}) {
		t.Errorf("posted %+v", p)
	}
	s.nothingRefused()
}

func containsAll(text string, parts []string) bool {
	return !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(text, part) })
}
