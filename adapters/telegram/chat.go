package telegram

import (
	"context"
	"fmt"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"bellwether/subscriptions"
)

// Lookup returns the chat that "@name" or an id stands for, as a destination
// without its ID. It fails with a *outbox.Failure where the bot does not see it.
func (c *Client) Lookup(ctx context.Context, name string) (subscriptions.Destination, error) {
	var found chat
	if err := c.ask(ctx, "getChat", tgbotapi.Params{"chat_id": name}, &found); err != nil {
		return subscriptions.Destination{}, fmt.Errorf("look up chat: %w", err)
	}
	return c.placeOf(found, ""), nil
}

// addThread names the topic of a send; the general one must not be named.
func addThread(params tgbotapi.Params, thread string) {
	if thread != "" && thread != "0" && thread != generalTopic {
		params["message_thread_id"] = thread
	}
}
