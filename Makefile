# Every task of the project; each does the set-up it needs.
.PHONY: help setup tools run test unit check build bench bench-llm docs format clean
.DEFAULT_GOAL := help

TSX := node --import tsx
TOOLS := openssl curl redis-server pebble

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

setup: node_modules/.package-lock.json ## install what the project needs

run: build ## start the gateway with demo backends on http://localhost:8080
	node dist/main.js demo $(DEMO)

build: dist/main.js ## bundle to dist/

dist/main.js: $(shell find src) scripts/build scripts/tsconfig.sources.json tsconfig.json | setup
	scripts/build

check: setup ## types, lint, architecture
	node_modules/.bin/tsc -p tsconfig.json
	node_modules/.bin/biome check
	$(TSX) scripts/test.ts house

tools:
	@scripts/install-tools $(TOOLS)

test: TOOLS += chromium haproxy
test: tools build ## everything that is not a benchmark
	$(TSX) scripts/test.ts unit contract doors golden house e2e fault

unit: tools setup ## unit, contract, door and golden tests only
	$(TSX) scripts/test.ts unit contract doors golden

bench: build ## compare with other proxies on this machine
	$(TSX) test/bench/run.ts $(BENCH)
	$(TSX) test/bench/streams.ts
	$(TSX) test/bench/grpc.ts
	$(TSX) test/bench/tls.ts
	$(TSX) test/bench/startup.ts
	$(TSX) test/bench/auth.ts
	$(TSX) --expose-gc test/bench/router.ts
	$(TSX) --expose-gc test/bench/pickers.ts

bench-llm: build ## compare with another gateway to language models on this machine
	$(TSX) test/bench/llm.ts $(BENCH)

docs: setup ## regenerate the references under docs/ and the demo's descriptors
	$(TSX) scripts/docs.ts
	$(TSX) scripts/descriptors.ts

format: setup ## format the sources
	node_modules/.bin/biome check --write

clean: ## remove what was built
	rm -rf dist .cache
