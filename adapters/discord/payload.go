package discord

import (
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"bellwether/bot/message"
	"bellwether/bot/outbox"
)

// payload is a message as Discord takes it. What is not set is not written: the
// library's own type writes null for it and knows no nonce.
type payload struct {
	Content      *string       `json:"content,omitempty"`
	Embeds       *[]*embed     `json:"embeds,omitempty"`
	Components   *[]row        `json:"components,omitempty"`
	Attachments  *[]attachment `json:"attachments,omitempty"`
	Mentions     *mentions     `json:"allowed_mentions,omitempty"`
	Flags        int           `json:"flags,omitempty"`
	Nonce        string        `json:"nonce,omitempty"`
	EnforceNonce bool          `json:"enforce_nonce,omitempty"`
	Reference    *reference    `json:"message_reference,omitempty"`

	files []file
}

type attachment struct {
	ID          string `json:"id"`
	Name        string `json:"filename"`
	Description string `json:"description,omitempty"`
}

// mentions names who may be called: nobody, or exactly the roles. parse is
// written even when it is empty, since its absence means everybody.
type mentions struct {
	Parse []string `json:"parse"`
	Roles []string `json:"roles,omitempty"`
}

func nobody() *mentions { return &mentions{Parse: []string{}} }

type reference struct {
	Message string `json:"message_id"`
	// Fail is false, so that an answer to a deleted message is still sent.
	Fail bool `json:"fail_if_not_exists"`
}

type file struct {
	name string
	data []byte
}

const pictureName = "picture.png"

// dress turns a sheet into a message of Discord's. picture may be nil.
func (c *Client) dress(s sheet, picture func() ([]byte, string, error), d *outbox.Delivery) *payload {
	p := &payload{Mentions: nobody()}
	content := s.content
	if s.mention != "" && (d == nil || d.Kind != outbox.Edit) {
		p.Mentions.Roles = []string{s.mention}
		content = strings.TrimSpace("<@&" + s.mention + ">\n" + content)
	}
	if content != "" {
		p.Content = &content
	}
	if s.silent {
		p.Flags |= flagSilent
	}
	if s.bare {
		p.Flags |= flagSuppressEmbeds
	}
	if len(s.rows) > 0 {
		p.Components = &s.rows
	}
	c.addEmbed(p, s, picture)
	return p
}

// addEmbed puts the sheet's embed and its picture into a message. The sheet
// stays as it is: it may be dressed again.
func (c *Client) addEmbed(p *payload, s sheet, picture func() ([]byte, string, error)) {
	var e *embed
	if s.embed != nil {
		copied := *s.embed
		e = &copied
	}
	if s.picture && picture != nil {
		c.addPicture(p, e, s.alt, picture)
	}
	if e == nil {
		return
	}
	if e.Title == "" && e.Description == "" && len(e.Fields) == 0 && e.Image == nil {
		e.Description = breaker
	}
	p.Embeds = &[]*embed{e}
}

// addPicture puts the message's picture into it: by the address of one that was
// uploaded before, else by its bytes. Words without their picture are better
// than silence.
func (c *Client) addPicture(p *payload, e *embed, alt string, picture func() ([]byte, string, error)) {
	png, uploaded, err := picture()
	if err != nil {
		c.log.Warn("picture_missing", "error", err)
		return
	}
	if e != nil && stillServed(uploaded, c.now()) {
		e.Image = &embedImage{URL: uploaded}
		return
	}
	if len(png) == 0 {
		return
	}
	p.files = []file{{pictureName, png}}
	p.Attachments = &[]attachment{{ID: "0", Name: pictureName, Description: message.Cut(alt, maxAlt)}}
	if e != nil {
		e.Image = &embedImage{URL: "attachment://" + pictureName}
	}
}

// dropPicture leaves the message's files out; false where it has none.
func (p *payload) dropPicture() bool {
	if len(p.files) == 0 {
		return false
	}
	p.files, p.Attachments = nil, nil
	if p.Embeds != nil {
		for _, e := range *p.Embeds {
			e.Image = nil
			if e.Title == "" && e.Description == "" && len(e.Fields) == 0 {
				e.Description = breaker
			}
		}
	}
	return true
}

// stillServed tells whether the address of an uploaded picture holds for a
// while: Discord signs such addresses until a time that they name.
func stillServed(address string, now time.Time) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return false
	}
	until := u.Query().Get("ex")
	if until == "" {
		return true
	}
	unix, err := strconv.ParseInt(until, 16, 64)
	return err == nil && time.Unix(unix, 0).Sub(now) > time.Hour
}

// forEdit says everything of a message, so that nothing of the old one stays.
func (p *payload) forEdit() {
	if p.Content == nil {
		p.Content = new(string)
	}
	if p.Embeds == nil {
		p.Embeds = &[]*embed{}
	}
	if p.Components == nil {
		p.Components = &[]row{}
	}
	if p.Attachments == nil {
		p.Attachments = &[]attachment{}
	}
	// Discord changes no other flag of a message that is there.
	p.Flags &= flagSuppressEmbeds
	p.Nonce, p.EnforceNonce, p.Reference = "", false, nil
}

// multipartBody returns a body with files.
func multipartBody(encoded []byte, files []file) (body []byte, kind string, err error) {
	list := make([]*discordgo.File, 0, len(files))
	for _, f := range files {
		list = append(list, &discordgo.File{Name: f.name, ContentType: "image/png", Reader: io.Reader(bytes.NewReader(f.data))})
	}
	kind, body, err = discordgo.MultipartBodyWithJSON(json.RawMessage(encoded), list)
	return body, kind, err
}
