package main

import (
	"testing"
	"time"

	"bellwether/adapters/discord/discordtest"
	"bellwether/subscriptions"
)

// TestDiscordGatewayReconnectsInTheMiddle: a conversation goes on over lost,
// replaced and refused connections.
func TestDiscordGatewayReconnectsInTheMiddle(t *testing.T) {
	t.Parallel()
	s := openStage(t, subscriptions.Discord, stageOptions{discord: discordtest.Options{Heartbeat: 300 * time.Millisecond}})
	p := s.enterDiscord("500000000000000031")
	breaks := []func(){
		func() { s.discord.SendOp(7, nil) }, s.discord.Drop, func() { s.discord.CloseGateway(4000) }, func() { s.discord.SendOp(9, false) },
		func() { s.discord.CloseGateway(4009) },
	}
	for n, turn := range conversations()["an alert's life"] {
		if n%3 == 0 && n/3 < len(breaks) {
			before := s.discord.Identifies() + s.discord.Resumes()
			breaks[n/3]()
			if !comesWithin(3*turnTime, func() bool { return s.discord.Identifies()+s.discord.Resumes() > before }) {
				t.Fatalf("break %d: the bot does not come back", n/3)
			}
		}
		s.converse(p, []step{turn})
	}
}
