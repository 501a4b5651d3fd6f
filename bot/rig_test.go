package bot_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bellwether/adapters/storage"
	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/alerts/news"
	"bellwether/bot"
	"bellwether/bot/chart"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// rig is a whole bot: the real store, outbox, checks and words, between a
// scripted market, scripted feeds and a platform that records.
type rig struct {
	// t is that of the bubble. The context of the test around it must not reach
	// the store: who waits for a lock with it holds the bubble's clock still.
	t      *testing.T
	store  *storage.Store
	file   string // that of the store
	market *scriptedMarket
	feeds  *scriptedFeeds
	chat   *recorder
	rights *scriptedRights
	limits subscriptions.Limits
	hours  *scriptedHours
	quick  outbox.Rates
	adapt  func(*bot.Options)

	bot    *bot.Bot
	log    *logBook
	stop   func()
	serial int
}

// talk runs a conversation in a bubble, on Monday 3 January 2000 from 09:00 UTC.
// The store is opened outside: GORM keeps a goroutine that never ends.
func talk(t *testing.T, f func(r *rig)) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "bot.db")
	store, err := storage.Open(t.Context(), storage.Options{URL: "sqlite:" + file})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2000, 1, 3, 9, 0, 0, 0, time.UTC)))
		r := &rig{
			t: t, store: store, file: file, market: newMarket(), feeds: newFeeds(), chat: &recorder{}, rights: &scriptedRights{},
			hours: &scriptedHours{}, log: &logBook{}, quick: outbox.Rates{PerSecond: 1000, Burst: 100, Answers: time.Millisecond, AnswersAtOnce: 100},
		}
		r.start()
		defer func() { r.stop() }()
		f(r)
	})
}

// start makes a bot on the store, as a process does, and runs it.
func (r *rig) start() {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	checker, gate, plan := r.checks(ctx)
	catalogue, err := bot.NewCatalogue()
	r.must(err)
	fonts, err := chart.NewFonts()
	r.must(err)
	symbols := newSymbols()
	log := slog.New(slog.NewTextHandler(io.MultiWriter(r.log, verbose()), nil))
	o := bot.Options{
		Store: r.store, Catalogue: catalogue, Topics: topics(), Symbols: symbols, Strip: symbols.strip(), Hours: r.hours,
		Fonts: fonts, Book: checker.Book, Reader: r.feeds,
		History: &bot.PastKeeper{Shelf: r.store, Source: r.market, Now: time.Now, Log: log},
		Checks:  bot.PriceChecks{Checker: checker, Plan: plan, Gate: gate, Shelf: r.store},
		News: bot.ArticleChecks{Checker: &alerts.NewsChecker{
			Store: r.store.NewsChecks(), Reader: r.feeds.articles(), Same: news.SameStory, Interval: 5 * time.Minute, Limit: 60, Parallel: 6,
			Now: time.Now, Log: log,
		}},
		Zone: "UTC", Limits: r.limits, Log: log,
		Schedule: bot.Schedule{Quotes: "@every 15s", Feeds: "@every 30s", Bells: "@every 1m", Sweep: "@every 1m", Prune: "@every 24h"},
	}
	if r.adapt != nil {
		r.adapt(&o)
	}
	r.bot, err = bot.New(o)
	r.must(err)
	shelf := r.store.Outbox()
	telegramMain := outbox.Account{Platform: subscriptions.Telegram, Name: "main"}
	discordMain := outbox.Account{Platform: subscriptions.Discord, Name: "main"}
	box := outbox.NewOutbox(outbox.Options{
		Store: shelf, Pictures: shelf, Composer: r.bot, Collapser: r.bot, Notify: r.bot.TellNotices, Log: log, Jitter: func() float64 { return 0.5 },
		Messengers: map[outbox.Account]outbox.Messenger{telegramMain: r.chat, discordMain: r.chat},
		Rates:      map[outbox.Account]outbox.Rates{telegramMain: r.quick, discordMain: r.quick},
	})
	done := make(chan error, 1)
	go func() {
		done <- r.bot.Run(ctx, bot.Running{Outbox: box, Rights: map[subscriptions.Platform]bot.Rights{
			subscriptions.Telegram: r.rights, subscriptions.Discord: r.rights,
		}})
	}()
	synctest.Wait()
	var once sync.Once
	r.stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				r.t.Errorf("run: %v", err)
			}
		})
	}
}

// checks makes what reads quotes and judges rules, as main does.
func (r *rig) checks(ctx context.Context) (*alerts.Checker, *alerts.Gate, *alerts.ReadingPlan) {
	symbols := newSymbols()
	records, err := r.store.GuardRecords(ctx)
	r.must(err)
	quiet := slog.New(slog.DiscardHandler)
	gate := alerts.NewGate(alerts.GateOptions{
		Symbol:  func(t market.Ticker) market.Symbol { s, _ := symbols.Get(t); return s },
		Records: records, Log: quiet,
	})
	plan := alerts.NewReadingPlan(alerts.PlanOptions{
		Serving: func(market.Ticker) (string, alerts.Terms) { return "test", r.market.Terms() }, Every: 15 * time.Second,
	})
	trail := alerts.NewTrail(nil)
	checker := &alerts.Checker{
		Store: r.store.Checks(), Source: r.market, Planner: plan, Guard: gate, Book: alerts.NewBook(), View: trail,
		Now: time.Now, Log: quiet,
		Watched: func(ctx context.Context) ([]market.Ticker, error) {
			lists, err := r.store.Watchlists(ctx)
			var out []market.Ticker
			for _, list := range lists {
				out = append(out, list...)
			}
			return out, err
		},
		Retracted: trail.Retract,
		Told: func(_ context.Context, standings []alerts.Standing) {
			for _, s := range standings {
				trail.Note(s)
			}
		},
	}
	r.must(checker.Start(ctx))
	return checker, gate, plan
}

// restart ends the bot and starts another on the same store.
func (r *rig) restart() {
	r.t.Helper()
	r.stop()
	r.start()
}

// wait lets time pass.
func (r *rig) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// price sets a symbol's price and lets a check see it.
func (r *rig) price(ticker market.Ticker, price string) {
	r.market.set(ticker, price)
	r.wait(16 * time.Second)
}

// voice is a person in a place.
type voice struct {
	r     *rig
	who   subscriptions.Identity
	place subscriptions.Destination
	role  subscriptions.Role
	roles []string
	anon  bool
	// mentioned tells that the bot is named in what is said.
	mentioned bool
	reply     string // the message that is answered
	at        int    // how many deliveries were there before
	seen      string // what was shown at once, beside deliveries
	last      bot.Answer
}

// private returns a person in their private chat on Telegram.
func (r *rig) private(name string) *voice {
	return &voice{
		r: r, who: subscriptions.Identity{Platform: subscriptions.Telegram, User: "u-" + name, Name: name}, role: subscriptions.RoleMember,
		place: subscriptions.Destination{
			Address: subscriptions.Address{Platform: subscriptions.Telegram, Account: "main", Chat: "u-" + name},
			Kind:    subscriptions.Private, Title: name,
		},
	}
}

// group returns a person in a group on Telegram, whose role has to be asked.
func (r *rig) group(name, chat, thread string) *voice {
	v := r.private(name)
	v.role = subscriptions.RoleUnknown
	v.place = subscriptions.Destination{
		Address: subscriptions.Address{Platform: subscriptions.Telegram, Account: "main", Chat: chat, Thread: thread},
		Kind:    subscriptions.Group, Title: "Group " + chat, Community: chat,
	}
	return v
}

// channel returns a member of a Discord channel.
func (r *rig) channel(name, chat string, role subscriptions.Role, roles ...string) *voice {
	return &voice{
		r: r, who: subscriptions.Identity{Platform: subscriptions.Discord, User: "d-" + name, Name: name}, role: role, roles: roles,
		place: subscriptions.Destination{
			Address: subscriptions.Address{Platform: subscriptions.Discord, Account: "main", Chat: chat},
			Kind:    subscriptions.Group, Title: "#" + chat, Community: "guild",
		},
	}
}

// dm is what a Discord person gets by direct message.
func (v *voice) dm() *voice {
	other := *v
	other.place = subscriptions.Destination{
		Address: subscriptions.Address{Platform: subscriptions.Discord, Account: "main", Chat: "dm:" + v.who.User}, Kind: subscriptions.Private,
	}
	other.at = 0
	return &other
}

func (v *voice) request() bot.Request {
	v.r.serial++
	req := bot.Request{
		ID: fmt.Sprintf("test/%d", v.r.serial), Identity: v.who, Place: v.place, Role: v.role, Roles: v.roles,
		At: time.Now(), Message: v.reply, Mentioned: v.mentioned,
	}
	if v.anon {
		req.Anonymous, req.Role, req.Identity = true, subscriptions.RoleNobody, subscriptions.Identity{}
	}
	if v.place.Address.Platform == subscriptions.Discord {
		req.Via = "token-" + req.ID
	}
	return req
}

// say types something and returns what was said back, buttons included.
func (v *voice) say(text string) string {
	v.r.t.Helper()
	req := v.request()
	req.Text = text
	if rest, ok := strings.CutPrefix(text, "/"); ok {
		name, rest, _ := strings.Cut(rest, " ")
		req.Command, req.Text = name, strings.TrimSpace(rest)
	}
	if v.place.Kind != subscriptions.Private && v.place.Address.Platform == subscriptions.Telegram {
		req.Reply = "m-" + req.ID
	}
	return v.hand(req)
}

// command uses a sub-command with options, as Discord does.
func (v *voice) command(name, sub string, pairs ...string) string {
	v.r.t.Helper()
	req := v.request()
	req.Command, req.Sub, req.Options = name, sub, map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		req.Options[pairs[i]] = pairs[i+1]
	}
	return v.hand(req)
}

// press presses a button of the newest message here that has it.
func (v *voice) press(label string) string {
	v.r.t.Helper()
	for _, shown := range slices.Backward(v.r.chat.screen(v.place.Address)) {
		for _, row := range shown.message.Buttons {
			for _, b := range row {
				if b.Label == label {
					return v.pressData(b.Data, shown.id)
				}
			}
		}
	}
	v.r.t.Fatalf("no button %q in:\n%s", label, v.screen())
	return ""
}

// pressData presses a button that carries this data.
func (v *voice) pressData(data, message string) string {
	v.r.t.Helper()
	req := v.request()
	req.Button, req.Message = data, message
	return v.hand(req)
}

// share chooses a channel with the platform's own picker.
func (v *voice) share(chat, title string) string {
	v.r.t.Helper()
	req := v.request()
	req.Options = map[string]string{"shared_chat": chat, "shared_title": title}
	return v.hand(req)
}

// fill sends the form that was opened last.
func (v *voice) fill(value string) string {
	v.r.t.Helper()
	if v.last.Modal == nil {
		v.r.t.Fatal("no form is open")
	}
	req := v.request()
	req.Button, req.Form = v.last.Modal.Data, map[string]string{v.last.Modal.Fields[0].Name: value}
	return v.hand(req)
}

// hand hands a request in as an adapter does: on Discord the desk is asked for
// an answer at once, and what changes something is submitted.
func (v *voice) hand(req bot.Request) string {
	v.r.t.Helper()
	v.r.chat.mark(v.place.Address, &v.at)
	v.seen, v.last = "", bot.Answer{}
	submit := true
	if v.place.Address.Platform == subscriptions.Discord {
		answer, err := v.r.bot.Answer(context.Background(), req)
		if !errors.Is(err, bot.ErrSubmit) {
			v.r.must(err)
			submit, v.last = false, answer
			v.seen = v.r.chat.immediate(v.place.Address, req, answer)
		}
	}
	if req.Button != "" && submit {
		answer, err := v.r.bot.Answer(context.Background(), req)
		if answer.Toast != "" && answer.Message == nil {
			v.seen, submit = "(note) "+answer.Toast+"\n", errors.Is(err, bot.ErrSubmit)
		}
		if answer.Open != "" {
			v.seen, v.last, submit = "(opens "+answer.Open+")", answer, false
		}
	}
	if submit {
		v.r.must(v.r.bot.Submit(context.Background(), req))
	}
	v.r.wait(2 * time.Second)
	return strings.TrimSpace(v.seen + v.r.chat.since(v.place.Address, v.at))
}

// ask has a command answered at once, as a platform does that shows it itself.
func (v *voice) ask(command string) string {
	v.r.t.Helper()
	req := v.request()
	req.Command = command
	answer, err := v.r.bot.Answer(context.Background(), req)
	if errors.Is(err, bot.ErrSubmit) {
		v.r.must(v.r.bot.Submit(context.Background(), req))
		v.r.wait(time.Second)
		sends, err := v.r.store.SendsOf(context.Background(), v.stored().ID, 1)
		v.r.must(err)
		made := []*outbox.Send{&sends[0]}
		v.r.must(v.r.store.Outbox().Messages(context.Background(), made))
		return plain(sends[0].Message, sends[0].Ephemeral)
	}
	v.r.must(err)
	return plain(answer.Message, answer.Ephemeral)
}

// stored returns the place as it is kept.
func (v *voice) stored() subscriptions.Destination {
	v.r.t.Helper()
	d, err := v.r.store.Place(context.Background(), v.place)
	v.r.must(err)
	return d
}

// hears returns what came since the last thing said.
func (v *voice) hears() string {
	v.r.chat.settle()
	out := v.r.chat.since(v.place.Address, v.at)
	v.r.chat.mark(v.place.Address, &v.at)
	return strings.TrimSpace(out)
}

// screen returns what the chat looks like now.
func (v *voice) screen() string {
	var b strings.Builder
	for _, shown := range v.r.chat.screen(v.place.Address) {
		b.WriteString(shown.plain() + "\n")
	}
	return b.String()
}

// verbose is where the bot's log goes when somebody wants to read it.
func verbose() io.Writer {
	if os.Getenv("BOT_TEST_LOG") != "" {
		return os.Stderr
	}
	return io.Discard
}

// logBook keeps the log's text.
type logBook struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// has fails unless a text contains every part.
func (r *rig) has(text string, parts ...string) {
	r.t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			r.t.Errorf("misses %q:\n%s\n", part, text)
		}
	}
}

// knowsFailures starts the bot anew, with word of whether the market answers.
func (r *rig) knowsFailures() {
	r.stop()
	r.adapt = func(o *bot.Options) {
		checks := o.Checks.(bot.PriceChecks)
		checks.Sources = r.market
		o.Checks = checks
	}
	r.start()
}

// lacks fails where a text contains a part.
func (r *rig) lacks(text string, parts ...string) {
	r.t.Helper()
	for _, part := range parts {
		if strings.Contains(text, part) {
			r.t.Errorf("should not hold %q:\n%s\n", part, text)
		}
	}
}

// count returns how often a text holds a part.
func count(text, part string) int { return strings.Count(text, part) }

func id36(n int64) string { return strconv.FormatInt(n, 36) }
