# Every target that people and scripts use. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help build run check test e2e bench bench-check images samples crds manifests publish dist published-images format
SHELL := bash

# Where `make publish` puts its programs, for the machine that it runs on unless RID says otherwise (linux-arm64, ...).
ARTIFACTS := artifacts
RID :=

help: ## this list
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

build: ## compile everything
	dotnet build WagiOperator.sln

run: ## serve config/samples on http://127.0.0.1:3000 without a cluster; edit a manifest and see it change
	config/run

check: ## formatting, build and every test that starts no process: under two minutes, for while you work
	dotnet format whitespace . --folder --verify-no-changes
	dotnet build WagiOperator.sln --nologo --verbosity quiet
	WAGI_NO_PROCESSES=1 tests/run

test: ## install what the tests need, then run every test that this machine can run
	tests/cluster/install --best
	samples/build
	$(MAKE) build
	RunAnalyzers=false $(MAKE) published-images # the build has run them
	tests/run

e2e: ## all that Kubernetes has a part in, on the one that KUBEBUILDER_ASSETS names: programs, operator, chart and, as root on Linux, a node
	tests/cluster/install --best
	samples/build
	$(MAKE) build published-images
	tests/run tests/Wagi.TestCluster.Tests tests/EndToEnd tests/Wagi.Operator.Tests tests/Wagi.Chart.Tests tests/Wagi.Docs.Tests tests/Wagi.Node.Tests

BENCH_SAMPLES := hello-c echo-c fetch-c events-c primes-c primes-c-opt primes-c-wizer primes-c-wizer-opt \
	primes-rust primes-assemblyscript hello-rust hello-rust-opt hello-go hello-go-opt router-go hello-zig hello-assemblyscript hello-c-component \
	hello-rust-wasip2 hello-http echo-http hello-wasip2 handler-javascript

bench: ## measure speed, side by side where it is compared; BENCH="hello http …" chooses (docs/performance.md)
	tests/cluster/install
	tests/cluster/fetch-npm-tools workerd-linux-64 || true
	samples/build $(BENCH_SAMPLES)
	$(MAKE) publish
	dotnet publish bench/plaintext --output $(ARTIFACTS)/bench --use-current-runtime
	dotnet publish bench/wasi --output $(ARTIFACTS)/bench/wasi --use-current-runtime --no-self-contained
	bench/native/build
	dotnet run --project bench --configuration Release -- $(BENCH)

bench-check: ## measure, and fail by the name of each figure that is worse than in bench/baseline.json by more than its spread there
	$(MAKE) bench BENCH=check

samples: ## compile the sample handlers whose toolchain is there, into artifacts/samples
	samples/build

publish: ## artifacts/wagi/wagi and artifacts/wagi-operator/wagi-operator, which run where there is no .NET
	tests/cluster/install --native
	dotnet publish runtime --output $(ARTIFACTS)/wagi $(if $(RID),--runtime $(RID),--use-current-runtime)
	dotnet publish operator --output $(ARTIFACTS)/wagi-operator $(if $(RID),--runtime $(RID),--use-current-runtime)

# Compiling takes minutes: what the images hold is what the tests run. Where no image can be made, only the programs.
published-images:
	if images/build --check; then BASE=debian RIDS=own LEVEL=1 images/build; else $(MAKE) publish; fi

images: ## container images in artifacts/images; BASE=debian makes the base image too, PUSH=1 pushes, REGISTRY=… elsewhere (images/build)
	tests/cluster/install --native
	images/build
	$(if $(PUSH),images/push)

dist: ## what a release consists of, in artifacts/dist, tried as a user would; SIGNING_KEY=… signs, BASE as for images (docs/releasing.md)
	tests/cluster/install --native
	dist/build
	dist/check

crds: ## write crds/, config/rbac/, the chart's copies of both, docs/wagimodule.md and docs/wagiclass.md from the C# types in lib/Wagi.Kubernetes
	dotnet run --project operator -- crds --output crds
	dotnet run --no-build --project operator -- rbac --output config/rbac
	dotnet run --no-build --project operator -- crds --reference docs
	cp crds/*.yaml config/rbac/role.yaml charts/wagi-operator/files/

manifests: ## write config/default from the chart
	config/render

format: ## put every source file into shape
	dotnet format WagiOperator.sln
