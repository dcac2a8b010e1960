-- Version 13: the order in which the other lists are read (policies/store/paging.h).

CREATE INDEX access_review_shown ON access_review((validated_at IS NULL) * 100000000000 + opened_at, id);
CREATE INDEX api_token_created ON api_token(created_at, id);
CREATE INDEX authorized_source_declared ON authorized_source(declared_at, id);
CREATE INDEX authorized_source_vendor ON authorized_source(vendor, declared_at, id);
CREATE INDEX authorized_source_state ON authorized_source(state, declared_at, id);
CREATE INDEX charter_acceptance_at ON charter_acceptance(accepted_at, person || '/' || charter);
CREATE INDEX extension_request_asked ON extension_request(asked_at, id);
CREATE INDEX extension_request_state ON extension_request(state, asked_at, id);
CREATE INDEX legal_hold_shown ON legal_hold((lifted_at IS NULL) * 100000000000 + placed_at, session || '/' || placed_at);
CREATE INDEX subcontractor_notified ON subcontractor(notified_at, id);
CREATE INDEX subcontractor_vendor ON subcontractor(vendor, notified_at, id);
CREATE INDEX access_window_urgent ON access_window(opens_at, id) WHERE emergency = 1;
