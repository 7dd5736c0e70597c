// Any text as a configuration file, and as the values of flags.
#include "base/bytes.h"
#include "base/error.h"
#include "base/time.h"
#include "base/units.h"
#include "cli/config.h"
#include "cli/flags.h"
#include "rpc/endpoint_url.h"

namespace base = lifeboat::base;
namespace cli = lifeboat::cli;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(base::as_text({data, size}));
  try {
    (void)cli::parse_config(text, "lifeboat.yaml", {"vault", "keep-last", "endpoints"});
  } catch (const base::Error&) {
  }
  try {
    (void)lifeboat::rpc::parse_endpoint_url(text, true);
  } catch (const base::Error&) {
  }
  (void)base::parse_size(text);
  (void)base::parse_duration(text);
  if (const auto time = base::parse_time(text)) {
    if (base::parse_time(base::format_time(*time)) != time) __builtin_trap();
  }
  return 0;
}
