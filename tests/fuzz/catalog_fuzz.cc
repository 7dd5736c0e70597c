// Any text as a catalog: what is accepted survives a round trip.
#include "base/bytes.h"
#include "base/error.h"
#include "vault/catalog.h"

namespace base = lifeboat::base;
namespace vault = lifeboat::vault;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string once;
  try {
    once = vault::encode_catalog(vault::decode_catalog(base::as_text({data, size})));
  } catch (const base::Error&) {
    return 0;
  }
  if (vault::encode_catalog(vault::decode_catalog(once)) != once) __builtin_trap();
  return 0;
}
