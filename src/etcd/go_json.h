// Texts in JSON as Go's encoding/json writes them, to the byte: what etcd stores members and raft
// attributes as.
//
// base/json.h reads all of it but writes another dialect: Go also escapes what is special in HTML.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::etcd {

// `text`, which is UTF-8, in quotes.
std::string go_json_text(std::string_view text);

// `["a","b"]`.
std::string go_json_texts(const std::vector<std::string>& texts);

}  // namespace lifeboat::etcd
