
WAGI ?= wagi

test: build
	$(WAGI) run . -i --path '/{{name}}/path?query=1'

serve: build
	$(WAGI) serve .

check: build
	$(WAGI) check .

# Changes with the mode alone, so that 'make' after 'wagi dev' makes what is to be published.
.build-mode: FORCE
	@echo '$(WAGI_DEV)' | cmp -s - $@ || echo '$(WAGI_DEV)' >$@

.PHONY: build test serve check FORCE
