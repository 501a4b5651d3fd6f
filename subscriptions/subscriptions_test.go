package subscriptions_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"bellwether/subscriptions"
)

func TestWhoMayChangeWhatAPlaceGets(t *testing.T) {
	private := subscriptions.Destination{Kind: subscriptions.Private}
	group := subscriptions.Destination{Kind: subscriptions.Group}
	channel := subscriptions.Destination{Kind: subscriptions.Broadcast}
	roles := group
	roles.Settings.Moderators = []string{"55", "66"}
	open := group
	open.Settings.OpenTo = "everyone"
	for _, c := range []struct {
		name  string
		place subscriptions.Destination
		role  subscriptions.Role
		roles []string
		may   bool
	}{
		{"a person in their private chat", private, subscriptions.RoleMember, nil, true},
		{"an identity that speaks for others, in private", private, subscriptions.RoleNobody, nil, false},
		{"a member of a group", group, subscriptions.RoleMember, nil, false},
		{"a moderator of a group", group, subscriptions.RoleModerator, nil, true},
		{"who is not known yet", group, subscriptions.RoleUnknown, nil, false},
		{"a channel that speaks as itself", group, subscriptions.RoleNobody, nil, false},
		{"a reader of a channel", channel, subscriptions.RoleMember, nil, false},
		{"an administrator of a channel", channel, subscriptions.RoleModerator, nil, true},
		{"who has a moderators' role", roles, subscriptions.RoleMember, []string{"1", "66"}, true},
		{"who has another role", roles, subscriptions.RoleMember, []string{"1"}, false},
		{"an identity that speaks for others, with a moderators' role", roles, subscriptions.RoleNobody, []string{"55"}, false},
		{"a member where everyone may make their own rules", open, subscriptions.RoleMember, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.place.May(c.role, c.roles); got != c.may {
				t.Errorf("may: %t, want %t", got, c.may)
			}
		})
	}
}

func TestLimitNamesItself(t *testing.T) {
	err := fmt.Errorf("store outcome: %w", &subscriptions.LimitError{What: "rules", Scope: "person", Limit: 50})
	var limit *subscriptions.LimitError
	if !errors.As(err, &limit) || !strings.Contains(err.Error(), "limit of 50 rules per person") {
		t.Errorf("error: %v", err)
	}
}
