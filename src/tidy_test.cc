// docs/STYLE.md as a test over the source tree: layers, sizes, banned calls.
//
// The rules are data first: what changes often is a row in a table. Each rule is a function from
// one source file to findings; the self-check at the end shows every rule a file that it must flag.
// The measures look at text and know no C++ grammar: they rely on clang-format having been run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <ostream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat {
namespace {

namespace filesystem = std::filesystem;

// ---- The rules as data ------------------------------------------------------------------------

struct Room {
  std::string_view name;
  std::set<std::string_view> rooms;      // that it may include, besides itself
  std::set<std::string_view> libraries;  // of others, by the first part of the header's path
};

// Headers of others by library. What is not listed here may be included by nobody.
const std::map<std::string_view, std::vector<std::string_view>> kLibraryHeaders = {
    {"cares", {"ares.h", "ares_version.h"}},
    {"abseil", {"absl/"}},
    {"boost", {"boost/asio/", "boost/asio.hpp", "boost/beast/"}},
    {"cli11", {"CLI/"}},
    {"cpu", {"immintrin.h"}},
    {"fmt", {"fmt/"}},
    {"glibc", {"features.h", "nss.h"}},
    {"googletest", {"gtest/", "gmock/"}},
    {"grpc", {"grpc/", "grpcpp/", "\"etcd_rpc.grpc.pb.h\""}},
    {"json", {"nlohmann/"}},
    {"libarchive", {"archive.h", "archive_entry.h"}},
    {"nghttp2", {"nghttp2/"}},
    {"openssl", {"openssl/"}},
    {"posix", {"dirent.h", "fcntl.h", "poll.h", "sched.h", "signal.h", "sys/", "unistd.h"}},
    {"protobuf", {"google/protobuf/", "\"etcd_rpc.pb.h\""}},
    {"sockets", {"arpa/inet.h", "netdb.h", "netinet/", "poll.h", "sys/socket.h", "unistd.h"}},
    {"version", {"\"version.h\""}},
    {"yaml", {"yaml-cpp/"}},
    {"zlib", {"zlib.h"}},
    {"zstd", {"zstd.h", "zstd_errors.h"}},
};

const std::vector<Room> kRooms = {
    {"base", {}, {"cpu", "fmt", "json", "openssl"}},
    {"os", {"base"}, {"posix"}},
    {"bbolt", {"base"}, {}},
    {"etcd", {"base", "bbolt"}, {}},
    // Besides gRPC it has connections made by hand: the TLS probe's and the snapshot's.
    {"rpc", {"base", "etcd"}, {"cares", "grpc", "nghttp2", "openssl", "protobuf", "sockets"}},
    {"codec", {"base"}, {"openssl", "zstd"}},
    {"store", {"base", "os", "http"}, {}},
    {"vault", {"base", "codec", "store"}, {}},
    {"http", {"base"}, {"boost", "openssl"}},
    {"node", {"base", "os", "http"}, {"libarchive", "yaml"}},
    {"backup", {"base", "os", "bbolt", "etcd", "codec", "store", "vault", "node"}, {}},
    {"manifests", {"base"}, {"yaml"}},
    {"cli",
     {"base", "os", "bbolt", "etcd", "rpc", "codec", "store", "vault", "http", "node", "backup",
      "manifests"},
     {"cli11", "version", "yaml"}},
    {"testing",
     {"base", "os", "bbolt", "etcd", "rpc", "codec", "store", "vault", "http", "node", "backup",
      "manifests", "cli"},
     {"googletest", "posix", "sockets", "zlib"}},
};

// Single files that may include more than their room.
const std::map<std::string_view, std::set<std::string_view>> kMoreLibraries = {
    // It talks to the operating system for all others: signals, terminal, host name.
    {"cli/main.cc", {"glibc", "posix"}},
    {"os/loopback.cc", {"sockets"}},
    // It names the versions of what is linked in.
    {"cli/cmd_version.cc",
     {"abseil", "cares", "fmt", "glibc", "grpc", "json", "nghttp2", "openssl", "protobuf", "zlib"}},
};

struct Banned {
  // As they stand in code without comments and texts, as whole words; "(" or a blank at the end is
  // part of what is looked for.
  std::vector<std::string_view> words;
  std::string_view instead;
  std::set<std::string_view> allowed = {};  // files
  bool in_tests = true;                     // whether it is banned there, too
};

const std::vector<Banned> kBanned = {
    {{"std::endl"}, "'\\n': nobody needs the flush"},
    {{"strcpy(", "strncpy(", "strcat(", "strncat("}, "std::string"},
    {{"printf(", "fprintf(", "sprintf(", "snprintf(", "vsnprintf(", "puts(", "putchar("},
     "a stream, or base::cat",
     {"base/error.cc"}},
    {{"atoi(", "atol(", "atof(", "strtol(", "strtoul(", "strtoll(", "strtoull(", "strtod(", "stoi(",
      "stol(", "stoul(", "stoll(", "stoull(", "stod("},
     "std::from_chars",
     {},
     false},
    {{"system(", "popen(", "execv(", "execve(", "execvp(", "execl(", "execlp("},
     "a library: there is no shell in a container",
     {"os/process.cc"}},
    {{"assert("}, "LIFEBOAT_CHECK, which stays on in release builds"},
    {{"localtime(", "localtime_r(", "gmtime(", "gmtime_r(", "mktime(", "timegm(", "asctime(",
      "ctime(", "strftime("},
     "base/time.h"},
    // The log and a certificate's end are about the time that it is, whatever tests say.
    {{"system_clock::now("},
     "os::Clock, which tests own",
     {"base/log.cc", "os/clock.h", "rpc/tls_words.cc"},
     false},
    {{"using namespace"}, "the full name"},
    {{"rand(", "srand("}, "a seeded engine from <random>"},
    {{"std::cout", "std::cerr", "std::clog"},
     "the stream that was handed in",
     {"cli/main.cc"},
     false},
    {{"getenv("}, "cli::read_environment", {}, false},
    {{"malloc(", "calloc(", "realloc(", "new "}, "a container or std::make_unique"},
    {{"delete "}, "std::unique_ptr"},
    {{"std::thread", "pthread_create("}, "std::jthread, which stops and joins", {"cli/main.cc"}},
    {{"sleep_for(", "sleep_until(", "usleep(", "sleep("},
     "a wait that takes a std::stop_token",
     {},
     false},
    {{"std::regex"}, "code: the library's recursion falls to long input", {}, false},
    // The system's own roots are read where they lie, before there is any vault.
    {{"std::ifstream", "std::ofstream", "std::fstream", "fopen(", "std::filesystem"},
     "os::FileSystem",
     {"rpc/x509.cc"},
     false},
    {{"goto "}, "a function of its own"},
    {{"exit(", "_exit(", "quick_exit(", "abort(", "terminate("},
     "an exception: only main ends the process",
     {"base/error.cc", "cli/main.cc", "os/process.cc"},
     false},
};

constexpr std::size_t kColumnsMax = 100;
constexpr std::size_t kFunctionLinesMax = 70;

std::size_t file_lines_max(std::string_view path) {
  if (path.ends_with("_test.cc")) return 800;
  if (path.starts_with("cli/cmd_")) return 200;
  return path.ends_with(".h") ? 250 : 600;
}

// What must not stand in any text of the project, written in halves so that it does not stand here.
const std::vector<std::string> kBannedWords = {
    "TO"
    "DO",
    "FIX"
    "ME",
    "X"
    "XX:",
    "/wo"
    "rk/",
    "/ro"
    "ot/",
};

// ---- Files ------------------------------------------------------------------------------------

struct SourceFile {
  std::string path;                // below src: "base/error.cc"
  std::vector<std::string> lines;  // as they are
  std::vector<std::string> code;   // the same with comments and the insides of texts blanked

  bool is_header() const { return path.ends_with(".h"); }
  // What only tests link may do more than the product.
  bool is_test() const {
    return path.ends_with("_test.cc") || room() == "testing" || name().starts_with("test_");
  }
  std::string_view name() const { return std::string_view(path).substr(path.rfind('/') + 1); }
  std::string_view room() const {
    const auto slash = path.find('/');
    return slash == std::string::npos ? std::string_view()
                                      : std::string_view(path).substr(0, slash);
  }
};

struct Finding {
  std::size_t line;  // from 1
  std::string message;
};

using Findings = std::vector<Finding>;

void PrintTo(const Finding& finding, std::ostream* out) {
  *out << "line " << finding.line << ": " << finding.message;
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream stream{std::string(text)};
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

bool is_word_character(char character) {
  return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_';
}

// Blanks comments and the insides of texts, so that rules about code see code only.
class CodeView {
 public:
  explicit CodeView(std::string text) : text_(std::move(text)) {}

  std::string run() {
    while (at_ < text_.size()) step();
    return text_;
  }

 private:
  bool looking_at(std::string_view word) const {
    return text_.compare(at_, word.size(), word) == 0;
  }

  void step() {
    const bool after_word = at_ > 0 && is_word_character(text_[at_ - 1]);
    if (looking_at("//")) {
      blank_until("\n", 0);
    } else if (looking_at("/*")) {
      blank_until("*/", 2);
    } else if (looking_at("R\"") && !after_word) {
      const auto open = text_.find('(', at_);
      const std::string close = ")" + text_.substr(at_ + 2, open - at_ - 2) + "\"";
      at_ = open + 1;
      blank_until(close, close.size());
    } else if (text_[at_] == '"') {
      blank_quoted('"');
    } else if (text_[at_] == '\'' && !after_word) {  // not between digits
      blank_quoted('\'');
    } else {
      ++at_;
    }
  }

  void blank_one() {
    if (text_[at_] != '\n') text_[at_] = ' ';
    ++at_;
  }

  void blank_until(std::string_view end, std::size_t keep) {
    while (at_ < text_.size() && !looking_at(end)) blank_one();
    at_ += keep;
  }

  // An include's path is no text: rules read it.
  void blank_quoted(char quote) {
    const auto line = text_.rfind('\n', at_) + 1;
    const bool include = text_.compare(line, 8, "#include") == 0;
    ++at_;
    while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') {
      const bool escaped = text_[at_] == '\\';
      include ? void(++at_) : blank_one();
      if (escaped && at_ < text_.size()) blank_one();
    }
    ++at_;
  }

  std::string text_;
  std::size_t at_ = 0;
};

SourceFile make_file(std::string path, const std::string& text) {
  return {std::move(path), split_lines(text), split_lines(CodeView(text).run())};
}

std::string read_text(const filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

const filesystem::path kTree = LIFEBOAT_SOURCE_DIR;

std::vector<SourceFile> source_files() {
  std::vector<SourceFile> files;
  for (const auto& entry : filesystem::recursive_directory_iterator(kTree / "src")) {
    const auto extension = entry.path().extension();
    if (extension != ".h" && extension != ".cc") continue;
    files.push_back(make_file(entry.path().lexically_relative(kTree / "src").string(),
                              read_text(entry.path())));
  }
  return files;
}

// ---- The rules --------------------------------------------------------------------------------

// Applies `check` to each line of `lines`; what it returns is a finding.
Findings for_each_line(const std::vector<std::string>& lines,
                       const std::function<std::optional<std::string>(const std::string&)>& check) {
  Findings findings;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (auto message = check(lines[i])) findings.push_back({i + 1, *message});
  }
  return findings;
}

// The path between the quotes or brackets of an include; quotes stay, brackets go.
std::optional<std::string> included_path(const std::string& line) {
  static const std::regex pattern(R"(^#include (?:<([^>]+)>|("[^"]+")))");
  std::smatch match;
  if (!std::regex_search(line, match, pattern)) return std::nullopt;
  return match[1].matched ? match[1].str() : match[2].str();
}

const Room* find_room(std::string_view name) {
  const auto found = std::ranges::find(kRooms, name, &Room::name);
  return found == kRooms.end() ? nullptr : &*found;
}

// The libraries that a header belongs to: two for those that files and sockets share.
std::set<std::string_view> libraries_of(std::string_view header) {
  std::set<std::string_view> result;
  for (const auto& [library, prefixes] : kLibraryHeaders) {
    for (const auto prefix : prefixes) {
      if (header.starts_with(prefix)) result.insert(library);
    }
  }
  return result;
}

std::set<std::string_view> allowed_libraries(const SourceFile& file) {
  std::set<std::string_view> allowed;
  if (const Room* room = find_room(file.room())) allowed = room->libraries;
  if (const auto more = kMoreLibraries.find(file.path); more != kMoreLibraries.end()) {
    allowed.insert(more->second.begin(), more->second.end());
  }
  if (file.is_test()) {
    for (const auto& [library, headers] : kLibraryHeaders) allowed.insert(library);
  }
  return allowed;
}

std::optional<std::string> check_own_include(const SourceFile& file, const std::string& path) {
  const std::string room = path.substr(1, path.find('/') - 1);
  if (file.room().empty() || room == file.room()) return std::nullopt;
  if (room == "testing" && file.is_test()) return std::nullopt;
  const Room* own = find_room(file.room());
  if (own != nullptr && own->rooms.contains(room)) return std::nullopt;
  return std::string(file.room()) + " may not include " + room;
}

std::optional<std::string> check_library_include(const SourceFile& file, const std::string& path) {
  const auto libraries = libraries_of(path);
  if (libraries.empty()) return "the table of libraries does not know " + path;
  const auto allowed = allowed_libraries(file);
  if (std::ranges::none_of(libraries, [&](auto library) { return allowed.contains(library); })) {
    return "may not include " + path;
  }
  // Tables and version texts are no types of others; everything else stays behind our headers.
  if (file.room() == "base" && file.is_header()) return "base keeps " + path + " in its .cc files";
  return std::nullopt;
}

Findings layers(const SourceFile& file) {
  return for_each_line(file.code, [&](const std::string& line) -> std::optional<std::string> {
    const auto path = included_path(line);
    if (!path) return std::nullopt;
    const bool quoted = path->front() == '"';
    if (quoted && path->find('/') != std::string::npos) return check_own_include(file, *path);
    // The standard library's headers have neither folder nor extension.
    if (!quoted && path->find_first_of("./") == std::string::npos) return std::nullopt;
    return check_library_include(file, *path);
  });
}

// Whether `word` stands in `line`, not as a part of a longer one and not as somebody's member.
bool has_word(std::string_view line, std::string_view word) {
  for (auto at = line.find(word); at != line.npos; at = line.find(word, at + 1)) {
    const char before = at == 0 ? ' ' : line[at - 1];
    const auto end = at + word.size();
    const bool goes_on =
        is_word_character(word.back()) && end < line.size() && is_word_character(line[end]);
    const bool member = before == '.' || line.substr(0, at).ends_with("->");
    if (!is_word_character(before) && !member && !goes_on) return true;
  }
  return false;
}

Findings banned_calls(const SourceFile& file) {
  return for_each_line(file.code, [&](const std::string& line) -> std::optional<std::string> {
    for (const auto& banned : kBanned) {
      if (banned.allowed.contains(file.path) || (file.is_test() && !banned.in_tests)) continue;
      for (const auto word : banned.words) {
        if (has_word(line, word)) {
          return std::string(word) + " is banned; use " + std::string(banned.instead);
        }
      }
    }
    return std::nullopt;
  });
}

// Characters, not bytes.
std::size_t columns_of(const std::string& line) {
  return static_cast<std::size_t>(
      std::ranges::count_if(line, [](char byte) { return (byte & 0xC0) != 0x80; }));
}

Findings columns(const SourceFile& file) {
  return for_each_line(file.lines, [](const std::string& line) -> std::optional<std::string> {
    if (columns_of(line) <= kColumnsMax) return std::nullopt;
    return std::to_string(columns_of(line)) + " columns";
  });
}

Findings file_sizes(const SourceFile& file) {
  const std::size_t max = file_lines_max(file.path);
  if (file.lines.size() <= max) return {};
  return {{file.lines.size(), "more than " + std::to_string(max) + " lines: split it"}};
}

std::size_t indentation(const std::string& line) {
  return std::min(line.find_first_not_of(' '), line.size());
}

bool starts_with_any(std::string_view text, const std::vector<std::string_view>& words) {
  return std::ranges::any_of(words, [&](auto word) { return text.starts_with(word); });
}

// Whether the lines from `head` to `last`, which ends in a brace, begin a function: neither a type,
// nor a namespace, nor a table.
bool opens_function(const std::vector<std::string>& code, std::size_t head, std::size_t last) {
  const std::string_view first = std::string_view(code[head]).substr(indentation(code[head]));
  if (starts_with_any(first, {"class ", "struct ", "enum ", "union ", "namespace ", "extern "})) {
    return false;
  }
  if (first.ends_with("= {")) return false;
  return std::any_of(code.begin() + static_cast<std::ptrdiff_t>(head),
                     code.begin() + static_cast<std::ptrdiff_t>(last) + 1,
                     [](const std::string& line) { return line.find('(') != line.npos; });
}

// clang-format begins a function at column 0 in a namespace, at column 2 in a class, and puts its
// closing brace below. Everything deeper belongs to some function or table.
Findings function_sizes(const SourceFile& file) {
  Findings findings;
  const auto& code = file.code;
  for (std::size_t last = 0; last < code.size(); ++last) {
    if (!code[last].ends_with("{")) continue;
    std::size_t head = last;  // parameters that do not fit stand further right
    while (head > 0 && indentation(code[head]) > 2) --head;
    if (!opens_function(code, head, last)) continue;
    const std::string close = std::string(indentation(code[head]), ' ') + "}";
    while (last < code.size() && !code[last].starts_with(close)) ++last;
    if (const auto lines = last - head + 1; lines > kFunctionLinesMax) {
      findings.push_back({head + 1, "a function of " + std::to_string(lines) + " lines"});
    }
  }
  return findings;
}

// A variable of a namespace that can change. clang-format leaves what a namespace holds at the
// first column, where nothing but declarations begins.
Findings globals(const SourceFile& file) {
  static const std::vector<std::string_view> kOtherDeclarations = {
      "using ",  "class ",    "struct ",    "enum ",   "union ",         "extern \"",
      "friend ", "template ", "namespace ", "return ", "static_assert(",
  };
  return for_each_line(file.code, [](const std::string& line) -> std::optional<std::string> {
    const bool begins_name = !line.empty() && is_word_character(line.front());
    const std::string declared = line.substr(0, line.find_first_of("={"));
    // Two words at least; a parenthesis makes it a function or a macro.
    if (!begins_name || !line.ends_with(';') || declared.find('(') != declared.npos ||
        declared.find(' ') == declared.npos || starts_with_any(line, kOtherDeclarations) ||
        has_word(declared, "const") || has_word(declared, "constexpr")) {
      return std::nullopt;
    }
    return "a variable at namespace level: hand it over instead";
  });
}

Findings headers(const SourceFile& file) {
  if (!file.is_header()) return {};
  Findings findings;
  if (file.lines.empty() || !file.lines.front().starts_with("// ")) {
    findings.push_back({1, "a header opens with a comment that says why it exists"});
  }
  if (std::ranges::count(file.lines, "#pragma once") != 1) {
    findings.push_back({1, "a header holds #pragma once, once"});
  }
  return findings;
}

Findings namespaces(const SourceFile& file) {
  if (!file.is_header()) return {};
  const std::string wanted = "namespace lifeboat::" + std::string(file.room());
  const bool found = std::ranges::any_of(
      file.code, [&](const std::string& line) { return line.starts_with(wanted); });
  const bool only_macros = std::ranges::none_of(
      file.code, [](const std::string& line) { return line.starts_with("namespace "); });
  if (found || only_macros) return {};
  return {{1, "folder = library = namespace: " + wanted}};
}

Findings plain_text(const SourceFile& file) {
  return for_each_line(file.lines, [](const std::string& line) -> std::optional<std::string> {
    if (line.ends_with(' ') || line.ends_with('\t')) return "blanks at the end of the line";
    if (line.ends_with('\r')) return "a carriage return";
    for (const auto& word : kBannedWords) {
      if (line.find(word) != std::string::npos) return word + " does not belong here";
    }
    return std::nullopt;
  });
}

struct Rule {
  std::string_view name;
  Findings (*check)(const SourceFile&);
};

void PrintTo(const Rule& rule, std::ostream* out) { *out << rule.name; }

constexpr std::array kRules = {
    Rule{"layers", layers},         Rule{"banned_calls", banned_calls},
    Rule{"columns", columns},       Rule{"file_sizes", file_sizes},
    Rule{"globals", globals},       Rule{"function_sizes", function_sizes},
    Rule{"headers", headers},       Rule{"namespaces", namespaces},
    Rule{"plain_text", plain_text},
};

// ---- The tree against the rules ---------------------------------------------------------------

class Tidy : public ::testing::TestWithParam<Rule> {};

TEST_P(Tidy, HoldsInEveryFile) {
  const auto files = source_files();
  ASSERT_GT(files.size(), 50u) << "where is the source tree?";
  for (const auto& file : files) {
    for (const auto& finding : GetParam().check(file)) {
      ADD_FAILURE() << "src/" << file.path << ":" << finding.line << ": " << finding.message;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, Tidy, ::testing::ValuesIn(kRules),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(Tree, HasFoldersOneLevelDeep) {
  for (const auto& file : source_files()) {
    EXPECT_LE(std::ranges::count(file.path, '/'), 1) << file.path;
  }
}

TEST(Tree, HasAllItsRoomsInTheTable) {
  for (const auto& file : source_files()) {
    EXPECT_TRUE(file.room().empty() || find_room(file.room()) != nullptr) << file.path;
  }
}

// The names of each room as CMakeLists.txt lists them.
std::map<std::string, std::set<std::string>> built_names() {
  std::map<std::string, std::set<std::string>> names;
  const std::string text = read_text(kTree / "CMakeLists.txt");
  static const std::regex library(
      R"(lifeboat_library\((\w+)\s+FILES\s([\w\s]*?)\b(LINK|PRIVATE)\b)");
  for (std::sregex_iterator match(text.begin(), text.end(), library), end; match != end; ++match) {
    std::istringstream words((*match)[2].str());
    for (std::string word; words >> word;) names[(*match)[1].str()].insert(word);
  }
  return names;
}

TEST(Tree, BuildsEveryFile) {
  const auto names = built_names();
  for (const auto& file : source_files()) {
    if (file.room().empty() || file.path == "cli/main.cc") continue;
    if (file.name().starts_with("test_")) continue;  // a header that tests of one room share
    std::string name = filesystem::path(file.path).stem().string();
    if (name.ends_with("_test")) name.resize(name.size() - 5);
    const auto room = names.find(std::string(file.room()));
    ASSERT_NE(room, names.end()) << file.path << " belongs to no library";
    EXPECT_TRUE(room->second.contains(name)) << file.path << " is in no FILES of CMakeLists.txt";
  }
}

TEST(Tree, HoldsOnlyCleanText) {
  for (const char* folder : {"scripts", "tests", "docs", "proto", "bench", "deploy", "roles"}) {
    if (!filesystem::exists(kTree / folder)) continue;
    for (const auto& entry : filesystem::recursive_directory_iterator(kTree / folder)) {
      const std::string text = entry.is_regular_file() ? read_text(entry.path()) : "";
      if (text.find('\0') != std::string::npos) continue;  // a binary sample
      for (const auto& finding : plain_text(make_file(entry.path().string(), text))) {
        ADD_FAILURE() << entry.path().string() << ":" << finding.line << ": " << finding.message;
      }
    }
  }
}

// ---- The rules against files that break them --------------------------------------------------

struct Breach {
  std::string_view rule;
  std::string path;
  std::string text;
};

std::string repeated(std::string_view text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i) result += text;
  return result;
}

const std::vector<Breach> kBreaches = {
    {"layers", "base/a.cc", "#include \"os/fs.h\"\n"},
    {"layers", "vault/a.cc", "#include \"rpc/etcd_client.h\"\n"},
    {"layers", "vault/a.cc", "#include \"testing/mem_store.h\"\n"},
    {"layers", "vault/a.h", "#include <grpcpp/channel.h>\n"},
    {"layers", "backup/a.cc", "#include <unistd.h>\n"},
    {"layers", "base/a.h", "#include <fmt/format.h>\n"},
    {"layers", "rpc/a.cc", "#include <boost/asio.hpp>\n"},
    {"layers", "vault/a.cc", "#include \"etcd_rpc.grpc.pb.h\"\n"},
    {"layers", "os/a.cc", "#include <gtest/gtest.h>\n"},
    {"banned_calls", "os/a.cc", "  out << std::endl;\n"},
    {"banned_calls", "os/a.cc", "  std::thread worker(run);\n"},
    {"banned_calls", "os/a.cc", "  auto* box = new Box();\n"},
    {"banned_calls", "os/a.cc", "  delete box;\n"},
    {"banned_calls", "os/a.cc", "  ::system(\"rm -r\");\n"},
    {"banned_calls", "os/a.cc", "  assert(size > 0);\n"},
    {"banned_calls", "os/a.cc", "  const auto* time = std::localtime(&now);\n"},
    {"banned_calls", "os/a.cc", "  std::snprintf(buffer, 8, \"x\");\n"},
    {"banned_calls", "os/a_test.cc", "using namespace std;\n"},
    {"banned_calls", "cli/a.cc", "  char digit = '\"'; std::cout << digit;\n"},
    {"banned_calls", "vault/a.cc", "  const auto now = std::chrono::system_clock::now();\n"},
    {"banned_calls", "vault/a.cc", "  std::ifstream file(path);\n"},
    {"columns", "os/a.cc", "// " + repeated("x", 98) + "\n"},
    {"file_sizes", "os/a.cc", repeated("\n", 601)},
    {"file_sizes", "os/a.h", repeated("\n", 251)},
    {"file_sizes", "os/a_test.cc", repeated("\n", 801)},
    {"file_sizes", "cli/cmd_a.cc", repeated("\n", 201)},
    {"function_sizes", "os/a.cc", "void f() {\n" + repeated("  g();\n", 69) + "}\n"},
    {"function_sizes", "os/a.cc",
     "void f(int a,\n       int b) {\n" + repeated("  g();\n", 68) + "}\n"},
    {"function_sizes", "os/a.h",
     "class A {\n public:\n  void f() {\n" + repeated("    g();\n", 69) + "  }\n};\n"},
    {"globals", "os/a.cc", "static int counter = 0;\n"},
    {"globals", "os/a.cc", "std::map<int, std::string> names;\n"},
    {"globals", "os/a.h", "inline std::string name{\"x\"};\n"},
    {"headers", "os/a.h", "// Why.\nnamespace lifeboat::os {}\n"},
    {"headers", "os/a.h", "#pragma once\n// Why.\n"},
    {"namespaces", "os/a.h", "// Why.\n#pragma once\nnamespace lifeboat::base {\n}\n"},
    {"plain_text", "os/a.cc", "int a; \n"},
    {"plain_text", "os/a.cc",
     "// TO"
     "DO: later\n"},
    {"plain_text", "os/a.cc", "int a;\r\n"},
};

// What looks like a breach and is none.
const std::vector<Breach> kNearMisses = {
    {"layers", "vault/a_test.cc", "#include \"testing/mem_store.h\"\n#include <gtest/gtest.h>\n"},
    {"layers", "rpc/a.cc", "#include <grpcpp/channel.h>\n#include <poll.h>\n#include <vector>\n"},
    {"layers", "os/a.cc", "// #include \"cli/flags.h\"\n"},
    {"banned_calls", "os/a.cc", "  say(\"std::endl, new Box()\");  // and std::thread\n"},
    {"banned_calls", "os/a.cc", "  const char* text = R\"(assert(x) \" exit(1))\";\n"},
    {"banned_calls", "os/a.cc", "  A(const A&) = delete;\n  static_assert(kSize == 1'000);\n"},
    {"banned_calls", "os/a.cc", "  std::this_thread::yield(); box.free(1); pool->exit(2);\n"},
    {"columns", "os/a.cc", "// " + repeated("\u00e9", 97) + "\n"},
    {"function_sizes", "os/a.cc", "void f() {\n" + repeated("  g();\n", 68) + "}\n"},
    {"function_sizes", "os/a.cc",
     "void f() {\n" + repeated("  g();\n", 60) + "}\n\nvoid h() {\n" + repeated("  g();\n", 60) +
         "}\n"},
    {"function_sizes", "os/a.cc",
     "constexpr int kTable[] = {\n" + repeated("    1,\n", 90) + "};\n"},
    {"function_sizes", "os/a.h", "class A {\n" + repeated("  void f();\n", 90) + "};\n"},
    {"globals", "os/a.cc",
     "constexpr int kLimit = 5;\nconst std::string kName = \"x\";\nvoid f();\n"},
    {"globals", "os/a.cc", "using Names = std::vector<int>;\nclass A;\nenum class B;\n"},
    {"globals", "os/a.h", "inline std::string_view f(std::string_view text) { return text; }\n"},
    {"globals", "os/a_test.cc", "INSTANTIATE_TEST_SUITE_P(A, B, ::testing::Values(1));\n"},
};

Findings check_with(std::string_view rule, const SourceFile& file) {
  return std::ranges::find(kRules, rule, &Rule::name)->check(file);
}

TEST(TidyItself, FlagsWhatBreaksARule) {
  for (const auto& breach : kBreaches) {
    EXPECT_FALSE(check_with(breach.rule, make_file(breach.path, breach.text)).empty())
        << breach.rule << " does not see it in " << breach.path << ":\n"
        << breach.text.substr(0, 300);
  }
}

TEST(TidyItself, LetsNearMissesPass) {
  for (const auto& near : kNearMisses) {
    EXPECT_THAT(check_with(near.rule, make_file(near.path, near.text)), ::testing::IsEmpty())
        << near.rule << " in " << near.path << ":\n"
        << near.text.substr(0, 300);
  }
}

TEST(TidyItself, HasABreachForEveryRule) {
  for (const auto& rule : kRules) {
    EXPECT_TRUE(std::ranges::any_of(kBreaches, [&](const Breach& breach) {
      return breach.rule == rule.name;
    })) << rule.name;
  }
}

}  // namespace
}  // namespace lifeboat
