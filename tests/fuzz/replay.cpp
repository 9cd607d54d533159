// Feeds a fuzzer's function with the files of a corpus and with random changes of them, where there is no libFuzzer:
//   replay_scenario CORPUS COUNT
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void feed(const std::string& bytes) { LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()); }

std::string changed(std::string bytes, const std::vector<std::string>& corpus, std::mt19937& random) {
  for (auto changes = 1 + random() % 4; changes > 0; --changes) {
    const std::size_t at = bytes.empty() ? 0 : random() % bytes.size();
    const std::string& other = corpus[random() % corpus.size()];
    switch (random() % 5) {
    case 0:
      bytes.erase(at, 1 + random() % 30);
      break;
    case 1:
      bytes.insert(at, 1, static_cast<char>(random() % 256));
      break;
    case 2:
      if (!bytes.empty())
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
      break;
    case 3:
      bytes.insert(at, other, other.empty() ? 0 : random() % other.size(), random() % 60);
      break;
    default:
      bytes.resize(at);
    }
  }
  return bytes;
}

} // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fprintf(stderr, "usage: %s CORPUS COUNT\n", arguments[0]);
    return 2;
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(arguments[1]))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<std::string> corpus;
  for (const auto& path : files) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    feed(corpus.back());
  }
  if (corpus.empty())
    return 2;
  std::mt19937 random(20260407);
  const int changes = std::atoi(arguments[2]);
  for (int i = 0; i < changes; ++i)
    feed(changed(corpus[random() % corpus.size()], corpus, random));
  std::printf("%zu files and %d changes of them\n", corpus.size(), changes);
  return 0;
}
