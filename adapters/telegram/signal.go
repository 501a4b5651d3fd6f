package telegram

import (
	"strconv"
	"time"

	"bellwether/bot"
	"bellwether/bot/message"
	"bellwether/bot/outbox"
)

// readStanding tells what a change of the bot's own membership means.
func (c *Client) readStanding(u memberUpdate) []bot.Signal {
	s := bot.Signal{
		Place: c.placeOf(u.Chat, ""),
		By:    identity(u.From),
		At:    time.Unix(u.Date, 0).UTC(),
	}
	if u.From.ID == anonymousAdmin || u.From.ID == channelSender {
		s.By.User, s.By.Name = "", ""
	}
	s.Kind, s.Reason = standing(u)
	return []bot.Signal{s}
}

// standing returns what became of the bot in a chat, and why in plain words.
func standing(u memberUpdate) (kind bot.SignalKind, reason string) {
	private := u.Chat.Type == "private"
	switch {
	case !u.New.inside() && private:
		return bot.SignalRemoved, "the bot was blocked"
	case !u.New.inside():
		return bot.SignalRemoved, "the bot was removed"
	case !u.New.mayWrite(u.Chat.Type):
		return bot.SignalNoRights, "the bot may not write there"
	case !u.Old.inside() && private:
		return bot.SignalAdded, "the bot was unblocked"
	case !u.Old.inside():
		return bot.SignalAdded, "the bot was added"
	}
	return bot.SignalRights, "the bot's rights changed"
}

// readService returns what a service message tells of its chat: nothing for an
// ordinary message.
func (c *Client) readService(m chatMessage) []bot.Signal {
	s := bot.Signal{Place: c.place(m), At: time.Unix(m.Date, 0).UTC()}
	if m.From != nil && m.SenderChat == nil {
		s.By = identity(*m.From)
	}
	if kind, reason, name := topicChange(m); kind != "" {
		if kind == bot.SignalRenamed && s.Place.Address.Thread == "" {
			return nil // the general topic, which is not what the group is called
		}
		s.Kind, s.Reason, s.Topic = kind, reason, true
		if name != "" {
			s.Place.Title = topicTitle(m.Chat, name)
		}
		return []bot.Signal{s}
	}
	switch {
	case m.MigrateTo != 0:
		s.Place = c.placeOf(m.Chat, "")
		s.Kind, s.MovedTo = bot.SignalMoved, strconv.FormatInt(m.MigrateTo, 10)
		s.Reason = "the group became a supergroup"
	case m.MigrateFrom != 0:
		// Said in the new chat; the place that moved is the old one.
		old := m.Chat
		old.ID, old.Type = m.MigrateFrom, "group"
		s.Place = c.placeOf(old, "")
		s.Kind, s.MovedTo = bot.SignalMoved, strconv.FormatInt(m.Chat.ID, 10)
		s.Reason = "the group became a supergroup"
	case m.NewTitle != "":
		s.Place = c.placeOf(m.Chat, "")
		s.Kind, s.Place.Title = bot.SignalRenamed, message.Label(m.NewTitle)
	default:
		return nil
	}
	return []bot.Signal{s}
}

// topicChange tells what a service message says of the topic that it is in: ""
// for nothing.
func topicChange(m chatMessage) (kind bot.SignalKind, reason, name string) {
	switch {
	case m.TopicClosed != nil:
		return bot.SignalNoRights, outbox.ReasonTopicClosed, ""
	case m.TopicReopened != nil:
		return bot.SignalRights, "the topic was opened again", ""
	case m.GeneralHidden != nil:
		return bot.SignalNoRights, outbox.ReasonTopicClosed, ""
	case m.GeneralShown != nil:
		return bot.SignalRights, "the general topic is shown again", ""
	case m.TopicCreated != nil:
		return bot.SignalRenamed, "", m.TopicCreated.Name
	case m.TopicEdited != nil && m.TopicEdited.Name != "":
		return bot.SignalRenamed, "", m.TopicEdited.Name
	}
	return "", "", ""
}
