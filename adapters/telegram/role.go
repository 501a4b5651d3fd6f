package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// roleError tells people what to do about a role that is not known.
type roleError struct {
	advice string
	cause  error
}

func (e *roleError) Error() string { return e.advice }

func (e *roleError) Unwrap() error { return e.cause }

// What people are told where their role is not known.
const (
	adviceHidden = "Telegram does not tell who the administrators are: make the bot an administrator here and try again"
	adviceWait   = "Telegram did not say who the administrators are: try again in a minute"
)

// Role returns what a person may do in a chat. A moderator is its creator or an
// administrator who may change its information, in a channel one who may post
// or edit. Telegram is asked each time: who was an administrator a moment ago
// changes nothing any more. RoleUnknown without an error is somebody who is no
// administrator; whether they are a member Telegram does not tell.
func (c *Client) Role(ctx context.Context, place subscriptions.Address, userID string) (subscriptions.Role, error) {
	if userID == "" {
		return subscriptions.RoleNobody, nil
	}
	switch userID {
	case strconv.Itoa(anonymousAdmin), strconv.Itoa(channelSender), strconv.Itoa(serviceAccount):
		return subscriptions.RoleNobody, nil
	}
	if place.Chat == userID {
		return subscriptions.RoleMember, nil
	}
	return c.askRole(ctx, place.Chat, userID)
}

// askRole asks for the member, and where that is refused for the list of
// administrators, which needs no rights: whether somebody else is a member it
// does not tell.
func (c *Client) askRole(ctx context.Context, chatID, userID string) (subscriptions.Role, error) {
	var one member
	err := c.ask(ctx, "getChatMember", tgbotapi.Params{"chat_id": chatID, "user_id": userID}, &one)
	if err == nil {
		return roleOf(one), nil
	}
	if !isRefusal(err) {
		return subscriptions.RoleUnknown, &roleError{adviceWait, err}
	}
	var all []member
	err = c.ask(ctx, "getChatAdministrators", tgbotapi.Params{"chat_id": chatID}, &all)
	if err != nil {
		if isRefusal(err) {
			return subscriptions.RoleUnknown, &roleError{adviceHidden, err}
		}
		return subscriptions.RoleUnknown, &roleError{adviceWait, err}
	}
	for _, m := range all {
		if strconv.FormatInt(m.User.ID, 10) == userID {
			return roleOf(m), nil
		}
	}
	return subscriptions.RoleUnknown, nil
}

// isRefusal tells whether Telegram answered that it will not say, rather than
// failed to answer.
func isRefusal(err error) bool {
	var f *outbox.Failure
	return errors.As(err, &f) && (f.Code == "400" || f.Code == "403")
}

func roleOf(m member) subscriptions.Role {
	switch m.Status {
	case "creator":
		return subscriptions.RoleModerator
	case "administrator":
		// Telegram gives the rights of posts in channels only, so no group's
		// administrator passes by them.
		if m.CanChangeInfo || m.CanPostMessages || m.CanEditMessages {
			return subscriptions.RoleModerator
		}
	case "left", "kicked":
		return subscriptions.RoleNobody
	case "restricted":
		if !m.IsMember {
			return subscriptions.RoleNobody
		}
	}
	return subscriptions.RoleMember
}

// ask makes a request and reads its result.
func (c *Client) ask(ctx context.Context, method string, params tgbotapi.Params, result any) error {
	raw, err := c.call(ctx, method, params)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, result); err != nil {
		return fmt.Errorf("read answer of %s: %w", method, err)
	}
	return nil
}
