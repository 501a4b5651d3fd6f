# Few targets: everything else is go's own.
.PHONY: check test lint run

check: lint test ## what has to pass before a commit

test: ## the tests
	go test ./...

lint: ## the linters, pinned in .ci/run
	golangci-lint run

run: ## the demo
	go run . demo
