// What is encrypted in a vault does not become plain because a flag was forgotten.
#pragma once

#include <functional>
#include <string_view>

#include "vault/catalog.h"

namespace lifeboat::backup {

// Throws kInvalid if a file of `before`, which is at `where`, is encrypted and `is_encrypted` says
// that what comes after it in the same role is not.
void refuse_to_become_plain(const vault::Catalog& before, std::string_view where,
                            const std::function<bool(std::string_view role)>& is_encrypted);

}  // namespace lifeboat::backup
