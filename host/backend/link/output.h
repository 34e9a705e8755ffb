#pragma once
// Output: what a backend calls output, as the event that codecs render: text with markup for terminals, and all of its
// data for clients that read JSON. Thread-safe, without state.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "backend/link/options.h"
#include "base/result.h"
#include "plugin/event.h"

namespace gw::link {

/// output: one of the variants of docs/protocol/backend-link.md. Fails kInvalid with a sentence that names the member;
/// kForbidden if the grant does not allow it.
Result<plugin::Event> readOutput(const nlohmann::json& output, const LinkGrant& grant);

/// "must", "latest:<key>", "drop"; "" is "must".
Result<void> setDelivery(plugin::Event& event, const std::string& delivery);

/// entity.changed as an event; only the newest of each updateType counts.
Result<plugin::Event> readEntityChange(const nlohmann::json& payload);

/// Names that are the gateway's own.
bool isReservedEvent(std::string_view name);

}  // namespace gw::link
