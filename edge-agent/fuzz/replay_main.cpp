#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

/// Runs a fuzz target without a fuzzer: every file of a corpus folder, every
/// byte of it mutated once in a repeatable way. Aborts where the target does.
int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER\n", argv[0]);
    return 2;
  }
  std::mt19937 random(1);
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
    std::vector<uint8_t> input(text.begin(), text.end());
    LLVMFuzzerTestOneInput(input.data(), input.size());
    for (size_t i = 0; i < input.size(); ++i) {
      auto mutant = input;
      mutant[i] ^= static_cast<uint8_t>(1 << random() % 8);
      LLVMFuzzerTestOneInput(mutant.data(), mutant.size());
      LLVMFuzzerTestOneInput(mutant.data(), i);
    }
    ++files;
  }
  std::printf("replayed %zu files\n", files);
  return files > 0 ? 0 : 1;
}
