package webchat_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"bellwether/adapters/webchat"
	"bellwether/bot"
	"bellwether/bot/message"
)

// findBrowser returns a browser's path. Where there is none the test is
// skipped, or fails where BELLWETHER_BROWSER=require.
func findBrowser(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("browser tests take a few seconds")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("BELLWETHER_BROWSER") == "require" {
		t.Fatal("no Chromium or Chrome was found, and BELLWETHER_BROWSER=require")
	}
	t.Skip("no Chromium or Chrome was found; install one to test the page")
	return ""
}

// step is something done in the browser.
type step = chromedp.Action[chromedp.Void]

// TestPage looks at the page in one browser, each time as somebody new.
func TestPage(t *testing.T) {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(findBrowser(t)), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("force-prefers-reduced-motion", true), chromedp.WindowSize(1200, 800),
	)
	allocator, endBrowser := chromedp.NewExecAllocator(context.Background(), options...)
	defer endBrowser()
	browser, endTab := chromedp.NewContext(allocator)
	defer endTab()
	if err := chromedp.Do(browser); err != nil {
		t.Fatalf("start the browser: %v", err)
	}
	for _, tt := range []struct {
		name string
		test func(*testing.T, context.Context)
	}{
		{"first visit, typing and reload", testFirstVisit},
		{"command menu and completion", testCompletion},
		{"buttons, edits and forms", testButtons},
		{"an alert arrives and is edited in place", testAlert},
		{"hostile words stay inert", testHostile},
		{"connection lost and regained", testConnection},
		{"the bot starts again from nothing", testNewLife},
		{"words are kept that could not be said", testUnsaid},
		{"a picture is shown and enlarged", testPicture},
		{"desktop-light", testScreens(1200, 800, "light")},
		{"desktop-dark", testScreens(1200, 800, "dark")},
		{"phone-light", testScreens(390, 844, "light")},
		{"phone-dark", testScreens(390, 844, "dark")},
	} {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, newTab(t, browser)) })
	}
}

// newTab opens a tab that shares no cookie with others.
func newTab(t *testing.T, browser context.Context) context.Context {
	t.Helper()
	ctx, end := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	if err := chromedp.Listen(ctx, func(ev any) {
		if e, ok := ev.(*cdpruntime.EventExceptionThrown); ok {
			t.Errorf("the page's script failed: %v", e.ExceptionDetails)
		}
	}); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// run takes steps one after another; the first that fails ends the test.
func run(t *testing.T, ctx context.Context, steps ...step) {
	t.Helper()
	for i, step := range steps {
		within, cancel := context.WithTimeout(ctx, 30*time.Second)
		err := chromedp.Do(within, step)
		cancel()
		if err != nil {
			body, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
			t.Fatalf("step %d: %v\nthe page shows: %s", i, err, body)
		}
	}
}

// look returns the value of an expression of the page.
func look[T any](t *testing.T, ctx context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// holds waits until an expression of the page is true.
func holds(expression string) step {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Poll[bool]("!!("+expression+")", chromedp.WithPollingTimeout(15*time.Second))(ctx, target)
		if err != nil {
			err = fmt.Errorf("%s: %w", expression, err)
		}
		return chromedp.Void{}, err
	}
}

// says waits until the last entry of a side contains words.
func says(side, words string) step {
	return holds(fmt.Sprintf(`[...document.querySelectorAll(".entry.%s .bubble")].at(-1)?.textContent.includes(%q)`, side, words))
}

// open shows the page in a size and waits until it is live.
func open(url string, width, height int64) step {
	return chromedp.Steps(chromedp.EmulateViewport(width, height), chromedp.Navigate(url), holds(`document.querySelector("#status.live")`))
}

// visitorOf returns who the browser is; the only one that the room knows.
func (r *room) visitorOf() string {
	r.t.Helper()
	got := r.desk.requests()
	if len(got) == 0 {
		r.t.Fatal("nobody came")
	}
	return got[0].Identity.User
}

func welcome() *message.Message {
	return &message.Message{
		Title:  "Hello, I am Bellwether",
		Blocks: []message.Block{message.P(message.T("I watch prices and news for you. "), message.C("/help"), message.T(" shows all commands."))},
		Buttons: [][]message.Button{
			{{Label: "Alert me: Bitcoin above 62,000", Data: "1:do:alert", Style: message.Primary}},
			{{Label: "Show the markets", Data: "1:ask:market"}},
		},
	}
}

// livelyRoom is a room whose desk answers as the bot would.
func livelyRoom(t *testing.T, change func(*webchat.Options)) *room {
	r := newRoom(t, func(o *webchat.Options) {
		o.Now = time.Now
		if change != nil {
			change(o)
		}
	})
	r.desk.choices = []bot.Choice{{Label: "BTC-USD · Bitcoin", Value: "BTC-USD"}, {Label: "BT-A.L · BT Group", Value: "BT-A.L"}}
	r.desk.reply = func(q bot.Request) (*message.Message, string) {
		switch {
		case q.Command == "start":
			return welcome(), ""
		case q.Button != "":
			return &message.Message{Title: "Pressed " + q.Button}, q.Message
		case q.Form != nil:
			return &message.Message{Title: "Form " + q.Form["level"]}, ""
		}
		return &message.Message{Title: "You asked for " + q.Command, Blocks: []message.Block{message.P(message.T(q.Text))}}, ""
	}
	return r
}

func testFirstVisit(t *testing.T, ctx context.Context) {
	r := livelyRoom(t, nil)
	run(t, ctx,
		open(r.server.URL, 1200, 800), says("bot", "Hello, I am Bellwether"),
		holds(`document.querySelectorAll("#chips button").length === 3`),
		chromedp.Click(`#chips button:nth-child(1)`), says("you", "/market"), says("bot", "You asked for market"),
		holds(`document.querySelectorAll("#chips button").length === 2`),
		chromedp.SendKeys(`#text`, "gold below 2300\r"), says("you", "gold below 2300"), says("bot", "gold below 2300"),
		holds(`document.querySelector("#text").value === "" && document.querySelector(".send").disabled`),
		chromedp.Click(`.entry button.code`), holds(`document.querySelector("#text").value === "/help"`),
		chromedp.Reload(), holds(`document.querySelector("#status.live")`),
		holds(`document.querySelectorAll(".entry").length === 5 && document.querySelectorAll(".day").length === 1`),
		holds(`document.querySelector(".entry").textContent.includes("Hello") && [...document.querySelectorAll(".entry")].at(-1).textContent.includes("gold below 2300")`),
		holds(`document.documentElement.scrollHeight <= 800`),
	)
	if got := r.desk.requests(); len(got) != 3 {
		t.Errorf("submitted %+v", got)
	}
}

func testCompletion(t *testing.T, ctx context.Context) {
	r := livelyRoom(t, nil)
	run(t, ctx, open(r.server.URL, 1200, 800),
		chromedp.SendKeys(`#text`, "/"), chromedp.WaitVisible(`#menu`),
		holds(fmt.Sprintf(`document.querySelectorAll("#menu li").length === %d`, len(bot.Commands()))),
		chromedp.SendKeys(`#text`, "al"), holds(`document.querySelectorAll("#menu li").length === 2`),
		chromedp.SendKeys(`#text`, "\t"), holds(`document.querySelector("#text").value === "/alert "`),
		chromedp.SendKeys(`#text`, "bt"), holds(`document.querySelector("#menu li b")?.textContent === "BTC-USD · Bitcoin"`),
		chromedp.Click(`#menu li:nth-child(1)`), holds(`document.querySelector("#text").value === "/alert BTC-USD "`),
		chromedp.SendKeys(`#text`, "> 70000\r"), says("bot", "BTC-USD > 70000"), chromedp.WaitNotVisible(`#menu`),
		// Options that have names: their names first, then their values.
		chromedp.SendKeys(`#text`, "/settings pic\t"), holds(`document.querySelector("#text").value === "/settings pictures "`),
		holds(`document.querySelectorAll("#menu li").length === 2`),
		chromedp.SendKeys(`#text`, "l\t\r"), says("bot", "pictures light"),
		// Escape closes; arrow up brings back what was said last.
		chromedp.SendKeys(`#text`, "/q"), chromedp.WaitVisible(`#menu`), chromedp.SendKeys(`#text`, "\u001b"), chromedp.WaitNotVisible(`#menu`),
	)
	if got := r.desk.requests(); got[1].Command != "alert" || got[1].Text != "BTC-USD > 70000" {
		t.Errorf("submitted %+v", got)
	}
}

func testButtons(t *testing.T, ctx context.Context) {
	r := livelyRoom(t, nil)
	r.desk.answer = func(q bot.Request) (bot.Answer, error) {
		if q.Button != "1:form" {
			return bot.Answer{}, bot.ErrSubmit
		}
		if q.Form != nil {
			return bot.Answer{Message: &message.Message{Title: "New level " + q.Form["level"]}, Toast: "Saved"}, nil
		}
		return bot.Answer{Modal: &bot.Modal{Data: "1:form", Title: "Edit the alert", Fields: []bot.ModalField{
			{Name: "level", Label: "Price", Value: "70000", Required: true, Max: 20}, {Name: "note", Label: "Note", Long: true},
		}}}, nil
	}
	run(t, ctx, open(r.server.URL, 1200, 800), says("bot", "Hello"),
		chromedp.DoubleClick(`.row button.primary`), says("bot", "Pressed 1:do:alert"),
		holds(`document.querySelectorAll(".entry").length === 1 && document.querySelector(".when").textContent.startsWith("edited")`),
	)
	if got := r.desk.requests(); len(got) != 2 || got[1].Button != "1:do:alert" || got[1].Message != "b1-0" {
		t.Errorf("a button that was pressed twice: %+v", got)
	}
	r.desk.say(ctx, r.visitorOf(), &message.Message{Title: "Alert", Buttons: [][]message.Button{{{Label: "Edit", Data: "1:form"}}}})
	run(t, ctx, says("bot", "Alert"), chromedp.Click(`.row button`), chromedp.WaitVisible(`#modal`),
		holds(`document.activeElement.name === "level" && document.activeElement.value === "70000"`),
	)
	shoot(t, ctx, "form")
	run(t, ctx, chromedp.SendKeys(`#modal input`, "71000"), chromedp.Click(`#modal .primary`), chromedp.WaitNotVisible(`#modal`),
		says("bot", "New level 71000"), holds(`document.querySelector("#toast").textContent === "Saved"`),
	)
	shoot(t, ctx, "toast")
}

func testAlert(t *testing.T, ctx context.Context) {
	r := livelyRoom(t, nil)
	run(t, ctx, open(r.server.URL, 1200, 800), says("bot", "Hello"))
	who := r.visitorOf()
	id := r.desk.say(ctx, who, &message.Message{Title: "▲ Bitcoin crossed above 70,000", Tone: message.Rise})
	run(t, ctx, says("bot", "Bitcoin crossed"), holds(`document.querySelectorAll(".bubble.rise").length === 1`))
	r.desk.say(ctx, who, &message.Message{Title: "Another"})
	run(t, ctx, says("bot", "Another"))
	r.desk.edit(ctx, who, id, &message.Message{Title: "Corrected", Tone: message.Warning})
	run(t, ctx, holds(`document.querySelectorAll(".entry")[1].textContent.includes("Corrected")`), says("bot", "Another"),
		holds(`document.querySelectorAll(".entry").length === 3`))
	// Who reads further up is not pulled down, but told.
	for i := range 30 {
		r.desk.say(ctx, who, &message.Message{Title: fmt.Sprint("Line ", i)})
	}
	run(t, ctx, says("bot", "Line 29"), holds(`log.scrollHeight - log.scrollTop - log.clientHeight < 5`),
		chromedp.Evaluate[chromedp.Void](`log.scrollTop = 0`), chromedp.WaitVisible(`#latest`))
	r.desk.say(ctx, who, &message.Message{Title: "News"})
	run(t, ctx, holds(`document.querySelector("#latest").textContent.includes("1 new") && log.scrollTop === 0`),
		chromedp.Click(`#latest`), chromedp.WaitNotVisible(`#latest`), holds(`log.scrollHeight - log.scrollTop - log.clientHeight < 5`))
}

func testHostile(t *testing.T, ctx context.Context) {
	r := livelyRoom(t, nil)
	run(t, ctx, open(r.server.URL, 390, 844), says("bot", "Hello"))
	evil := `<img src=x onerror="window.hit=1"><script>window.hit=1</script>`
	r.desk.say(ctx, r.visitorOf(), &message.Message{
		Title: evil, TitleURL: "javascript:window.hit=1", Tone: message.Tone(`x" onclick="window.hit=1`),
		Blocks: []message.Block{
			message.P(message.A(evil, " JaVaScRiPt:window.hit=1"), message.A("data", "data:text/html,<script>top.hit=1</script>"), message.A("user", "https://bank.example@evil.example/")),
			message.Pairs(message.Pair(evil, message.C(evil))), message.Rows([]string{evil, evil, evil}), message.Items(message.Item(message.B(evil))),
			message.P(message.T(strings.Repeat("W", 3000))), message.P(message.C(strings.Repeat("x", 500))),
		},
		Footer: []message.Inline{message.I(evil)}, Picture: message.NewPicture(`"><script>window.hit=1</script>`, evil, nil),
		Buttons: [][]message.Button{{{Label: evil, URL: "javascript:window.hit=1"}, {Label: strings.Repeat("L", 40), Data: "1:x"}, {Label: "ok", URL: "https://example.com/"}}},
	})
	run(t, ctx, holds(`document.querySelectorAll(".entry").length === 2`), says("bot", evil),
		chromedp.SendKeys(`#text`, evil+"\r"), says("you", evil),
		holds(`!window.hit && !document.querySelector("#list script, #list [onerror], #list [onclick], #list iframe")`),
		holds(`[...document.querySelectorAll("#list img")].every(i => i.src.startsWith(location.origin + "/picture?"))`),
		holds(`document.querySelectorAll(".alt").length === 1`), // the picture that is not there
		holds(`document.documentElement.scrollWidth <= 390 && log.scrollWidth <= log.clientWidth`),
	)
	links := look[[]string](t, ctx, `[...document.querySelectorAll("#list a")].map(a => a.href + " " + a.rel)`)
	if len(links) != 1 || links[0] != "https://example.com/ noopener noreferrer nofollow" {
		t.Errorf("links %q", links)
	}
}

func testConnection(t *testing.T, ctx context.Context) {
	r := livelyRoom(t, nil)
	run(t, ctx, open(r.server.URL, 1200, 800), says("bot", "Hello"))
	who := r.visitorOf()
	for i := range 3 {
		r.server.CloseClientConnections()
		r.desk.say(ctx, who, &message.Message{Title: fmt.Sprint("Missed ", i)})
		run(t, ctx, says("bot", fmt.Sprint("Missed ", i)), holds(`document.querySelector("#status.live")`))
	}
	run(t, ctx, holds(`document.querySelectorAll(".entry").length === 4`))
}

func testNewLife(t *testing.T, ctx context.Context) {
	r := livelyRoom(t, nil)
	for range 5 {
		r.desk.say(ctx, strings.Repeat("b", 24), welcome()) // so that changes were counted
	}
	run(t, ctx, open(r.server.URL, 1200, 800), says("bot", "Hello"))
	r.memory.forget()
	r.desk.mu.Lock()
	r.desk.taken = nil
	r.desk.mu.Unlock()
	next := webchat.New(webchat.Options{Desk: r.desk, Transcript: r.memory, Commands: bot.Commands()})
	r.desk.chat = next
	r.server.Config.Handler = next.Handler()
	r.server.CloseClientConnections()
	run(t, ctx, holds(`document.querySelector("#status.live") && document.querySelectorAll(".entry").length === 1`), says("bot", "Hello"),
		chromedp.SendKeys(`#text`, "/market\r"), says("bot", "You asked for market"))
}

func testUnsaid(t *testing.T, ctx context.Context) {
	r := livelyRoom(t, nil)
	run(t, ctx, open(r.server.URL, 1200, 800), says("bot", "Hello"))
	r.desk.mu.Lock()
	r.desk.err = io.ErrUnexpectedEOF
	r.desk.mu.Unlock()
	run(t, ctx, chromedp.SendKeys(`#text`, "watch STI\r"), chromedp.WaitVisible(`#toast`), holds(`document.querySelector("#text").value === "watch STI"`))
	r.desk.mu.Lock()
	r.desk.err = nil
	r.desk.mu.Unlock()
	// Sent again it has the same id: it is said once.
	run(t, ctx, chromedp.SendKeys(`#text`, "\r"), says("bot", "watch STI"), holds(`document.querySelectorAll(".entry.you").length === 1`))
}

func testPicture(t *testing.T, ctx context.Context) {
	r := livelyRoom(t, func(o *webchat.Options) {
		o.Pictures = func(context.Context, string) ([]byte, error) { return drawPrice(t, true), nil }
	})
	run(t, ctx, open(r.server.URL, 390, 844), says("bot", "Hello"))
	r.desk.say(ctx, r.visitorOf(), &message.Message{Title: "Chart", Picture: message.NewPicture("chart/BTC-USD", "Bitcoin rose by 3.7%", nil)})
	run(t, ctx, holds(`document.querySelector(".picture img")?.naturalWidth > 700`), holds(`document.querySelector(".picture img").alt === "Bitcoin rose by 3.7%"`),
		holds(`log.scrollHeight - log.scrollTop - log.clientHeight < 5`), holds(`document.documentElement.scrollWidth <= 390`),
		chromedp.Click(`.picture`), chromedp.WaitVisible(`#zoom img`), chromedp.Click(`#zoom img`), chromedp.WaitNotVisible(`#zoom`))
}

// testScreens holds the page against a width, light or dark, with all that a
// conversation has. With BELLWETHER_SCREENSHOTS=FOLDER it keeps what it saw.
func testScreens(width, height int64, theme string) func(*testing.T, context.Context) {
	return func(t *testing.T, ctx context.Context) {
		screens(t, ctx, width, height, theme)
	}
}

func screens(t *testing.T, ctx context.Context, width, height int64, theme string) {
	_, name, _ := strings.Cut(t.Name(), "/")
	price, strip := drawPrice(t, theme == "dark"), drawStrip(t, theme == "dark")
	r := livelyRoom(t, func(o *webchat.Options) {
		o.Pictures = func(_ context.Context, key string) ([]byte, error) {
			if strings.HasPrefix(key, "strip") {
				return strip, nil
			}
			return price, nil
		}
	})
	run(t, ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}},
		})
		return err
	}),
		chromedp.EmulateViewport(width, height, chromedp.EmulateScale(2)),
		chromedp.Navigate(r.server.URL), holds(`document.querySelector("#status.live")`), says("bot", "Hello"))
	shoot(t, ctx, name+"-0-welcome")
	who := r.visitorOf()
	for i, m := range conversation() {
		if i > 0 && len(m.Title) > 0 && m.Title[0] == '>' {
			r.desk.mu.Lock()
			r.desk.reply = nil
			r.desk.mu.Unlock()
			run(t, ctx, chromedp.SendKeys(`#text`, m.Title[1:]+"\r"), says("you", m.Title[1:]))
			continue
		}
		id := r.desk.say(ctx, who, m)
		run(t, ctx, holds(fmt.Sprintf(`document.querySelector('[data-id="%s"]')`, id)),
			holds(`[...document.querySelectorAll("#list img")].every(i => i.naturalWidth > 0)`),
			holds(`log.scrollHeight - log.scrollTop - log.clientHeight < 5`),
			holds(fmt.Sprintf(`document.documentElement.scrollWidth <= %d && log.scrollWidth <= log.clientWidth`, width)),
			holds(`[...document.querySelectorAll(".wide")].every(w => w.scrollWidth <= w.clientWidth)`))
		if m.Quiet {
			shoot(t, ctx, fmt.Sprintf("%s-%d", name, i))
		}
	}
	run(t, ctx, chromedp.SendKeys(`#text`, "/"), chromedp.WaitVisible(`#menu`), chromedp.SendKeys(`#text`, kb.ArrowDown+kb.ArrowDown))
	shoot(t, ctx, name+"-menu")
	run(t, ctx, chromedp.Evaluate[chromedp.Void](`document.querySelector("details").open = true`),
		holds(`document.querySelector("td.up").textContent.startsWith("▲") && document.querySelector("td.down") && document.querySelector("td.odd")`),
		holds(`[...document.querySelectorAll(".wide")].every(w => w.clientWidth > 0 && w.scrollWidth <= w.clientWidth)`))
}

func shoot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	folder := os.Getenv("BELLWETHER_SCREENSHOTS")
	if folder == "" {
		return
	}
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), png, 0o600); err != nil {
		t.Fatal(err)
	}
}
