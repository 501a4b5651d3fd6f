package telegramtest

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of messages (Bot API: 1-4096 and 0-1024 code points after entities
// parsing; 100 entities as clients were seen to be held to).
const (
	maxText     = 4096
	maxCaption  = 1024
	maxEntities = 100
	maxPhoto    = 10 << 20
)

// stored is a message of the bot.
type stored struct {
	text, markup string
	keyboard     string
	photo        string
	thread       int64
}

// content is the text of a call after parsing.
type content struct {
	text     string
	markup   string
	entities []Entity
}

// readContent parses and checks the text of a call.
func (s *Server) readContent(call request, field string, limit int) (content, error) {
	c := content{markup: call.params[field], text: call.params[field]}
	if s.options.Lax {
		return c, nil
	}
	return parseContent(c.markup, call.params["parse_mode"], limit)
}

func parseContent(markup, mode string, limit int) (content, error) {
	c := content{markup: markup, text: markup}
	if !utf8.ValidString(markup) {
		return c, bad("strings must be encoded in UTF-8")
	}
	switch strings.ToLower(mode) {
	case "":
	case "html":
		text, entities, err := ParseHTML(markup)
		if err != nil {
			return c, bad("can't parse entities: %v", err)
		}
		c.text, c.entities = text, entities
	default:
		return c, bad("unsupported parse_mode")
	}
	c.text = cleanInput(c.text)
	seen := strings.TrimSpace(c.text)
	tooLong, empty := "message is too long", "message text is empty"
	if limit == maxCaption {
		tooLong, empty = "message caption is too long", ""
	}
	switch {
	case seen == "" && empty != "":
		return c, bad("%s", empty)
	case utf8.RuneCountInString(seen) > limit:
		return c, bad("%s", tooLong)
	case len(c.entities) > maxEntities:
		return c, bad("ENTITIES_TOO_LONG")
	}
	return c, nil
}

// send makes a message.
func (s *Server) send(call request) (json.RawMessage, error) {
	chat, err := s.reach(call)
	if err != nil {
		return nil, err
	}
	if wait := s.limits.take(chat.ID, s.now()); wait > 0 {
		s.limited.Add(1)
		return nil, tooMany(wait)
	}
	field, limit := "text", maxText
	if call.method == "sendPhoto" {
		field, limit = "caption", maxCaption
	}
	c, err := s.readContent(call, field, limit)
	if err != nil {
		return nil, err
	}
	keyboard, err := s.readKeyboard(call)
	if err != nil {
		return nil, err
	}
	made := Sent{
		Method: call.method, Chat: chat.ID, Thread: call.integer("message_thread_id"),
		Text: c.text, Markup: c.markup, Entities: c.entities, Buttons: keyboard,
		Quiet: call.params["disable_notification"] == "true", At: s.now(),
	}
	if call.method == "sendPhoto" {
		if made.Photo, made.Uploaded, err = s.photo(call, "photo", call.params["photo"]); err != nil {
			return nil, err
		}
	}
	if made.ReplyTo, err = replyTo(call); err != nil {
		return nil, err
	}
	made.ID = s.nextMessage.Add(1)
	s.accepted.Add(1)
	s.keep(made, call.params["reply_markup"])
	return s.describe(made, chat), nil
}

// replyTo reads which message is answered. The server does not keep what people
// wrote, so it cannot tell whether it is there.
func replyTo(call request) (int64, error) {
	raw := call.params["reply_parameters"]
	if raw == "" {
		return 0, nil
	}
	var p struct {
		ID int64 `json:"message_id"`
	}
	if json.Unmarshal([]byte(raw), &p) != nil || p.ID == 0 {
		return 0, bad("can't parse reply parameters JSON object")
	}
	return p.ID, nil
}

// photo finds the photo of a call: uploaded, or known by its id.
func (s *Server) photo(call request, field, named string) (id string, uploaded bool, err error) {
	if attached, ok := strings.CutPrefix(named, "attach://"); ok {
		field, named = attached, ""
	}
	if size, ok := call.files[field]; ok {
		if size > maxPhoto {
			return "", false, bad("file is too big")
		}
		id = "AgAC" + strconv.FormatInt(s.nextMessage.Add(1), 36) + "photo"
		s.mu.Lock()
		s.files[id] = true
		s.mu.Unlock()
		return id, true, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if named == "" {
		return "", false, bad("there is no photo in the request")
	}
	if !s.files[named] && !s.options.Lax {
		return "", false, bad("wrong remote file identifier specified: Wrong string length")
	}
	return named, false, nil
}

// ForgetFiles makes every file id that was handed out unknown.
func (s *Server) ForgetFiles() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.files)
}

func (s *Server) keep(made Sent, keyboard string) {
	if s.options.Forget {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages[messageKey{made.Chat, made.ID}] = &stored{
		text: made.Text, markup: made.Markup, keyboard: keyboard, photo: made.Photo, thread: made.Thread,
	}
	s.sent = append(s.sent, made)
	s.wake()
}

// describe writes the message that a call made.
func (s *Server) describe(m Sent, chat Chat) json.RawMessage {
	raw := make([]byte, 0, 160+len(m.Text))
	raw = append(raw, `{"message_id":`...)
	raw = strconv.AppendInt(raw, m.ID, 10)
	raw = append(raw, `,"date":`...)
	raw = strconv.AppendInt(raw, m.At.Unix(), 10)
	raw = append(raw, `,"chat":{"id":`...)
	raw = strconv.AppendInt(raw, m.Chat, 10)
	raw = append(raw, `,"type":"`...)
	raw = append(raw, chat.Type...)
	raw = append(raw, `"}`...)
	if m.Photo != "" {
		raw = append(raw, `,"photo":[{"file_id":"small","width":90,"height":50},{"file_id":"`...)
		raw = append(raw, m.Photo...)
		raw = append(raw, `","width":800,"height":450}]`...)
	}
	return append(raw, '}')
}

// edit changes a message.
func (s *Server) edit(call request) (json.RawMessage, error) {
	chat, err := s.reach(call)
	if err != nil {
		return nil, err
	}
	if chat.ID < 0 {
		if wait := s.limits.take(chat.ID, s.now()); wait > 0 {
			s.limited.Add(1)
			return nil, tooMany(wait)
		}
	}
	keyboard, err := s.readKeyboard(call)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	kept := s.messages[messageKey{chat.ID, call.integer("message_id")}]
	s.mu.Unlock()
	if kept == nil {
		return nil, bad("message to edit not found")
	}
	next := *kept
	next.keyboard = call.params["reply_markup"]
	c, uploaded, err := s.editContent(call, &next)
	if err != nil {
		return nil, err
	}
	if next == *kept {
		return nil, bad("message is not modified: specified new message content and reply markup " +
			"are exactly the same as a current content and reply markup of the message")
	}
	made := Sent{
		Method: call.method, Chat: chat.ID, Thread: kept.thread, ID: call.integer("message_id"),
		Text: c.text, Markup: c.markup, Entities: c.entities, Photo: next.photo, Uploaded: uploaded,
		Buttons: keyboard, At: s.now(),
	}
	s.keep(made, next.keyboard)
	return s.describe(made, chat), nil
}

// editContent puts what an edit changes into the message.
func (s *Server) editContent(call request, m *stored) (c content, uploaded bool, err error) {
	switch call.method {
	case "editMessageText":
		if m.photo != "" {
			return c, false, bad("there is no text in the message to edit")
		}
		c, err = s.readContent(call, "text", maxText)
	case "editMessageCaption":
		if m.photo == "" {
			return c, false, bad("there is no caption in the message to edit")
		}
		c, err = s.readContent(call, "caption", maxCaption)
	case "editMessageMedia":
		var media struct {
			Type, Media, Caption string
			Mode                 string `json:"parse_mode"`
		}
		if json.Unmarshal([]byte(call.params["media"]), &media) != nil || media.Type != "photo" {
			return c, false, bad("can't parse InputMedia JSON object")
		}
		if m.photo, uploaded, err = s.photo(call, "", media.Media); err != nil {
			return c, false, err
		}
		c, err = parseContent(media.Caption, media.Mode, maxCaption)
	default:
		return content{text: m.text, markup: m.markup}, false, nil
	}
	m.text, m.markup = c.text, c.markup
	return c, uploaded, err
}

func (s *Server) deleteMessage(call request) (json.RawMessage, error) {
	chat, err := s.reach(call)
	if err != nil {
		return nil, err
	}
	key := messageKey{chat.ID, call.integer("message_id")}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.messages[key] == nil {
		return nil, bad("message to delete not found")
	}
	delete(s.messages, key)
	return json.RawMessage("true"), nil
}

func (s *Server) answerQuery(call request) (json.RawMessage, error) {
	if utf8.RuneCountInString(call.params["text"]) > 200 {
		return nil, bad("MESSAGE_TOO_LONG")
	}
	if call.params["callback_query_id"] == "" {
		return nil, bad("query is too old and response timeout expired or query ID is invalid")
	}
	if url := call.params["url"]; url != "" && !s.opensUs(url) {
		return nil, bad("URL_INVALID")
	}
	return json.RawMessage("true"), nil
}

// opensUs tells whether an address opens the private chat with the bot: a pressed
// button leads to no other.
func (s *Server) opensUs(url string) bool {
	payload, ok := strings.CutPrefix(url, "https://t.me/"+s.options.Username+"?start=")
	return ok && regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`).MatchString(payload)
}

func (s *Server) setMyCommands(call request) (json.RawMessage, error) {
	var commands []struct{ Command, Description string }
	if json.Unmarshal([]byte(call.params["commands"]), &commands) != nil {
		return nil, bad("can't parse commands JSON object")
	}
	if len(commands) > 100 {
		return nil, bad("BOT_COMMANDS_TOO_MUCH")
	}
	for _, c := range commands {
		if !validCommand(c.Command) {
			return nil, bad("BOT_COMMAND_INVALID")
		}
		if n := utf8.RuneCountInString(c.Description); n < 1 || n > 256 {
			return nil, bad("BOT_COMMAND_DESCRIPTION_INVALID")
		}
	}
	scope := struct{ Type string }{"default"}
	if raw := call.params["scope"]; raw != "" && json.Unmarshal([]byte(raw), &scope) != nil {
		return nil, bad("can't parse BotCommandScope JSON object")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.menus[scope.Type] = call.params["commands"]
	return json.RawMessage("true"), nil
}

func validCommand(name string) bool {
	if len(name) < 1 || len(name) > 32 {
		return false
	}
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}
