package discord

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"bellwether/bot"
	"bellwether/subscriptions"
)

// events handles what the gateway tells: interactions each at once, what
// happened to places one after another, since their order matters.
type events struct {
	client *Client

	mu      sync.Mutex
	queue   []event
	stopped bool
	wake    chan struct{}
}

type event struct {
	kind string
	data json.RawMessage
}

func newEvents(c *Client) *events { return &events{client: c, wake: make(chan struct{}, 1)} }

// take accepts an event on the library's read loop, so it must return at once.
func (e *events) take(kind string, data json.RawMessage) {
	if kind == "INTERACTION_CREATE" {
		e.begin(data)
		return
	}
	if !isPlaceEvent(kind) {
		return
	}
	e.mu.Lock()
	if !e.stopped {
		e.queue = append(e.queue, event{kind, data})
	}
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// begin handles an interaction beside the others.
func (e *events) begin(data json.RawMessage) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopped {
		return
	}
	e.client.handling.Go(func() { e.client.handle(context.Background(), data) })
}

func isPlaceEvent(kind string) bool {
	switch kind {
	case "READY", "GUILD_CREATE", "GUILD_DELETE", "GUILD_ROLE_UPDATE", "GUILD_ROLE_DELETE",
		"CHANNEL_CREATE", "CHANNEL_UPDATE", "CHANNEL_DELETE",
		"THREAD_CREATE", "THREAD_UPDATE", "THREAD_DELETE":
		return true
	}
	return false
}

// stop lets work return when the queue is empty.
func (e *events) stop() {
	e.mu.Lock()
	e.stopped = true
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// work handles the queue until it is stopped.
func (e *events) work(ctx context.Context) {
	for {
		e.mu.Lock()
		batch, stopped := e.queue, e.stopped
		e.queue = nil
		e.mu.Unlock()
		for _, ev := range batch {
			e.client.handlePlaceEvent(ctx, ev)
		}
		if stopped && len(batch) == 0 {
			return
		}
		if len(batch) == 0 {
			<-e.wake
		}
	}
}

// handlePlaceEvent survives whatever an event holds.
func (c *Client) handlePlaceEvent(ctx context.Context, ev event) {
	defer func() {
		if p := recover(); p != nil {
			c.log.Error("gateway_event_panicked", "event", ev.kind, "panic", fmt.Sprint(p))
		}
	}()
	if ev.kind == "READY" {
		c.ready(ctx, ev.data)
		return
	}
	c.report(ctx, c.readPlaceEvent(ctx, ev))
}

// report hands signals to the desk, again where it fails: the gateway does not
// repeat them.
func (c *Client) report(ctx context.Context, signals []bot.Signal) {
	if len(signals) == 0 {
		return
	}
	const tries = 5
	for try := range tries {
		err := c.desk.Report(ctx, signals...)
		if err == nil {
			return
		}
		c.log.Error("report what happened to a place", "error", err)
		if c.timing.Wait(ctx, firstPause<<try) != nil {
			return
		}
	}
}

// readPlaceEvent tells what an event means for places.
func (c *Client) readPlaceEvent(ctx context.Context, ev event) []bot.Signal {
	switch ev.kind {
	case "GUILD_CREATE":
		return c.readGuild(ctx, ev.data)
	case "GUILD_DELETE":
		return c.readGuildDelete(ctx, ev.data)
	case "GUILD_ROLE_UPDATE", "GUILD_ROLE_DELETE":
		return c.readRole(ev.data)
	}
	var ch channel
	if json.Unmarshal(ev.data, &ch) != nil || ch.ID == "" || ch.Guild == "" {
		return nil
	}
	old, known := c.places.get(ch.ID)
	if isThread(ch.Kind) && ch.Parent == "" {
		ch.Parent = old.Parent
	}
	s := bot.Signal{Place: c.place(ch), At: c.now().UTC()}
	switch ev.kind {
	case "CHANNEL_DELETE":
		c.places.drop(ch.ID)
		s.Kind, s.Reason = bot.SignalGone, "the channel was deleted"
		return []bot.Signal{s}
	case "THREAD_DELETE":
		c.places.drop(ch.ID)
		s.Kind, s.Reason = bot.SignalGone, "the thread was deleted"
		return []bot.Signal{s}
	}
	c.places.put(ch)
	switch ev.kind {
	case "CHANNEL_UPDATE":
		s.Kind, s.Reason = bot.SignalRights, "the channel's permissions may have changed"
	case "THREAD_UPDATE":
		s.Kind, s.Reason = threadStanding(ch)
	default:
		return nil
	}
	signals := []bot.Signal{s}
	if known && old.Name != ch.Name {
		s.Kind, s.Reason = bot.SignalRenamed, ""
		signals = append(signals, s)
	}
	return signals
}

// threadStanding tells whether a thread takes messages. An archived one does:
// a message opens it again, unless it is locked.
func threadStanding(ch channel) (bot.SignalKind, string) {
	if ch.Thread != nil && ch.Thread.Locked {
		return bot.SignalNoRights, "the thread was locked"
	}
	return bot.SignalRights, "the thread takes messages"
}

// guild is what is read of a server.
type guild struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Unavailable bool      `json:"unavailable"`
	Channels    []channel `json:"channels"`
	Threads     []channel `json:"threads"`
}

func (c *Client) readGuild(ctx context.Context, data json.RawMessage) []bot.Signal {
	var g guild
	if json.Unmarshal(data, &g) != nil || g.ID == "" || g.Unavailable {
		return nil
	}
	for _, ch := range append(g.Channels, g.Threads...) {
		ch.Guild = g.ID
		c.places.put(ch)
	}
	if !c.joinGuild(ctx, g.ID) {
		return nil
	}
	return []bot.Signal{{
		Kind:  bot.SignalAdded,
		Place: subscriptions.Destination{Address: c.address("", ""), Community: g.ID, Title: g.Name},
		At:    c.now().UTC(), Reason: "the bot was added to the server",
	}}
}

// readGuildDelete tells a removal from an outage, of which Discord says that
// the server is unavailable.
func (c *Client) readGuildDelete(ctx context.Context, data json.RawMessage) []bot.Signal {
	var g guild
	if json.Unmarshal(data, &g) != nil || g.ID == "" || g.Unavailable {
		return nil
	}
	c.places.dropGuild(g.ID)
	c.roles.forget(g.ID)
	c.leaveGuild(ctx, g.ID)
	return []bot.Signal{c.removedFrom(g.ID, "the bot was removed from the server")}
}

func (c *Client) removedFrom(guild, reason string) bot.Signal {
	return bot.Signal{
		Kind:  bot.SignalCommunity,
		Place: subscriptions.Destination{Address: c.address("", ""), Community: guild},
		At:    c.now().UTC(), Reason: reason,
	}
}

// readRole tells that rights may have changed in all of a server's places.
func (c *Client) readRole(data json.RawMessage) []bot.Signal {
	var r struct {
		Guild string `json:"guild_id"`
	}
	if json.Unmarshal(data, &r) != nil || r.Guild == "" {
		return nil
	}
	c.roles.forget(r.Guild)
	return []bot.Signal{{
		Kind:  bot.SignalRights,
		Place: subscriptions.Destination{Address: c.address("", ""), Community: r.Guild},
		At:    c.now().UTC(), Reason: "the server's roles changed",
	}}
}

// ready reconciles the servers of before with those of now: who removed the bot
// while it was down told nobody. Then it registers the commands.
func (c *Client) ready(ctx context.Context, data json.RawMessage) {
	var r struct {
		Guilds      []guild `json:"guilds"`
		Application struct {
			ID string `json:"id"`
		} `json:"application"`
		User struct {
			ID string `json:"id"`
		} `json:"user"`
	}
	if err := json.Unmarshal(data, &r); err != nil {
		c.log.Error("gateway_ready_unreadable", "error", err)
		return
	}
	now := make([]string, 0, len(r.Guilds))
	for _, g := range r.Guilds {
		now = append(now, g.ID)
	}
	var signals []bot.Signal
	before := c.guilds(ctx)
	for _, id := range before {
		if !slices.Contains(now, id) {
			signals = append(signals, c.removedFrom(id, "the bot was removed from the server"))
		}
	}
	c.report(ctx, signals)
	// A server that is new has still to be told by its GUILD_CREATE.
	kept := slices.DeleteFunc(slices.Clone(before), func(id string) bool { return !slices.Contains(now, id) })
	c.keepGuilds(ctx, kept)

	application := r.Application.ID
	if application == "" {
		application = r.User.ID
	}
	c.handling.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		if err := c.register(ctx, application); err != nil {
			c.log.Error("register commands", "error", err)
		}
	})
}

func (c *Client) guildsName() string { return "discord/" + c.account + "/guilds" }

// guilds returns the servers that the bot was in when it last looked.
func (c *Client) guilds(ctx context.Context) []string {
	kept, err := c.memory.Recall(ctx, c.guildsName())
	if err != nil {
		c.log.Error("recall servers", "error", err)
	}
	return strings.Fields(kept)
}

func (c *Client) keepGuilds(ctx context.Context, ids []string) {
	slices.Sort(ids)
	if err := c.memory.Keep(ctx, c.guildsName(), strings.Join(slices.Compact(ids), " ")); err != nil {
		c.log.Error("keep servers", "error", err)
	}
}

// joinGuild notes a server and tells whether it is new.
func (c *Client) joinGuild(ctx context.Context, id string) bool {
	ids := c.guilds(ctx)
	if slices.Contains(ids, id) {
		return false
	}
	c.keepGuilds(ctx, append(ids, id))
	return true
}

func (c *Client) leaveGuild(ctx context.Context, id string) {
	ids := c.guilds(ctx)
	c.keepGuilds(ctx, slices.DeleteFunc(ids, func(have string) bool { return have == id }))
}
