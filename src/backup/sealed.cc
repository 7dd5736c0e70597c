#include "backup/sealed.h"

#include "base/error.h"
#include "base/text.h"
#include "vault/encoding.h"

namespace lifeboat::backup {

void refuse_to_become_plain(const vault::Catalog& before, std::string_view where,
                            const std::function<bool(std::string_view role)>& is_encrypted) {
  for (const vault::CatalogFile& file : before.files) {
    if (!vault::is_encrypted(file.encoding) || is_encrypted(file.role)) continue;
    throw base::Error(base::Code::kInvalid,
                      base::cat("backup ", before.id.text(), " in ", where,
                                " is encrypted, and this would store one for everybody to read (",
                                file.role, ")"),
                      "name who may read it with --encrypt-to, or allow it with --allow-plain");
  }
}

}  // namespace lifeboat::backup
