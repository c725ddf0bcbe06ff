// Seven corruptions of images at six intensities, those of Girrbach et al. 2023 for MNIST.
//
// in:  images of one channel with values in [0, 1], as the rows of a matrix; a seed
// out: the same images corrupted, with values in [0, 1] again
//
// Each image has a random stream of its own, by seed, corruption, intensity and its number, so that
// the result depends neither on threads nor on which other images there are.
//
// What is measured in pixels is meant for pictures of 28x28. On smaller ones the windows of
// pixel_shuffle shrink in proportion, to 2 pixels at least; gaussian_blur stays, as no kernel is
// smaller than 3x3. affine moves by shares of the picture, all else is alike for every size.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <numbers>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <dgp/concepts.hpp>

#include "../splitmix.hpp"
#include "../words.hpp"

namespace corruptions {

using dgp::Index;
using SampleStream = splitmix::Stream;
using Image = dgp::RowMajorMatrix<float>;

enum class Corruption {
  gaussian_noise,
  uniform_noise,
  salt_pepper_noise,
  pixel_dropout,
  gaussian_blur,
  pixel_shuffle,
  affine
};

inline constexpr std::array<Corruption, 7> all{
    Corruption::gaussian_noise, Corruption::uniform_noise, Corruption::salt_pepper_noise,
    Corruption::pixel_dropout,  Corruption::gaussian_blur, Corruption::pixel_shuffle,
    Corruption::affine};

constexpr std::string_view name_of(Corruption corruption) {
  constexpr std::array<std::string_view, all.size()> names{
      "gaussian_noise", "uniform_noise", "salt_pepper_noise", "pixel_dropout", "gaussian_blur",
      "pixel_shuffle",  "affine"};
  return names[static_cast<std::size_t>(corruption)];
}

inline constexpr std::size_t intensities = 6;

inline double normal(SampleStream& random) {
  const double radius = std::sqrt(-2 * std::log1p(-random.uniform()));
  return radius * std::cos(2 * std::numbers::pi * random.uniform());
}

// In [-range, range).
inline double between(double range, SampleStream& random) {
  return range * (2 * random.uniform() - 1);
}

inline Image clipped(const Image& image) { return image.cwiseMax(0.0F).cwiseMin(1.0F); }

inline Image with_gaussian_noise(Image image, double sigma, SampleStream& random) {
  for (float& pixel : image.reshaped()) pixel += static_cast<float>(sigma * normal(random));
  return clipped(image);
}

inline Image with_uniform_noise(Image image, double range, SampleStream& random) {
  for (float& pixel : image.reshaped()) pixel += static_cast<float>(between(range, random));
  return clipped(image);
}

// Turns a share of the pixels black or white, half of them each.
inline Image with_salt_and_pepper(Image image, double share, SampleStream& random) {
  for (float& pixel : image.reshaped()) {
    const double draw = random.uniform();
    if (draw < share) pixel = draw < share / 2 ? 0.0F : 1.0F;
  }
  return image;
}

// Turns a share of the pixels black.
inline Image with_dropout(Image image, double share, SampleStream& random) {
  for (float& pixel : image.reshaped()) {
    if (random.uniform() < share) pixel = 0;
  }
  return image;
}

// By a kernel of 3x3; beyond its edges the image goes on as in a mirror that stands on them.
inline Image blurred(const Image& image, double sigma) {
  const double beside = std::exp(-0.5 / (sigma * sigma));
  const auto weight = [&](Index step) { return (step == 0 ? 1 : beside) / (1 + 2 * beside); };
  const auto mirrored = [](Index at, Index count) {
    if (count == 1) return Index{0};
    return at < 0 ? Index{1} : at == count ? count - 2 : at;
  };
  Image result(image.rows(), image.cols());
  for (Index row = 0; row < image.rows(); ++row) {
    for (Index col = 0; col < image.cols(); ++col) {
      double sum = 0;
      for (Index down = -1; down <= 1; ++down) {
        for (Index right = -1; right <= 1; ++right) {
          sum += weight(down) * weight(right) *
                 static_cast<double>(image(mirrored(row + down, image.rows()),
                                           mirrored(col + right, image.cols())));
        }
      }
      result(row, col) = static_cast<float>(sum);
    }
  }
  return clipped(result);
}

// Shuffles the pixels of every window of side x side, row by row of windows: each window as it was
// in the image, put over what the windows before it left. So a pixel can come to stand in several
// places, or in none. As published, no window reaches the last row or column.
inline Image shuffled(const Image& image, Index side, SampleStream& random) {
  Image result = image;
  for (Index top = 0; top + side < image.rows(); ++top) {
    for (Index left = 0; left + side < image.cols(); ++left) {
      Image window = image.block(top, left, side, side);
      for (Index rest = window.size(); rest > 1; --rest) {
        const auto other = static_cast<Index>(random.below(static_cast<std::uint64_t>(rest)));
        std::swap(window.data()[rest - 1], window.data()[other]);
      }
      result.block(top, left, side, side) = window;
    }
  }
  return result;
}

// Where each pixel of an image is taken from: zoomed, then sheared, shifted and turned, all about
// the image's centre.
struct Warp {
  double rotation = 0;  // degrees
  double down = 0;      // share of the height
  double right = 0;     // share of the width
  double shear = 0;     // degrees
  double zoom_down = 1;
  double zoom_right = 1;
};

// Bilinear; beyond its edges the image goes on as its nearest pixel.
inline Image warped(const Image& image, const Warp& warp) {
  const auto radians = [](double degrees) { return degrees * std::numbers::pi / 180; };
  const auto cosine = std::cos(radians(warp.rotation));
  const auto sine = std::sin(radians(warp.rotation));
  const auto height = static_cast<double>(image.rows());
  const auto width = static_cast<double>(image.cols());
  const double middle_row = (height - 1) / 2;
  const double middle_col = (width - 1) / 2;
  const auto pixel = [&](double row, double col) {
    row = std::clamp(row, 0.0, height - 1);
    col = std::clamp(col, 0.0, width - 1);
    const auto above = static_cast<Index>(row);
    const auto before = static_cast<Index>(col);
    const Index below = std::min(above + 1, image.rows() - 1);
    const Index behind = std::min(before + 1, image.cols() - 1);
    const auto down = static_cast<float>(row - static_cast<double>(above));
    const auto right = static_cast<float>(col - static_cast<double>(before));
    return (1 - down) * ((1 - right) * image(above, before) + right * image(above, behind)) +
           down * ((1 - right) * image(below, before) + right * image(below, behind));
  };
  Image result(image.rows(), image.cols());
  for (Index row = 0; row < image.rows(); ++row) {
    for (Index col = 0; col < image.cols(); ++col) {
      const double zoomed_down = warp.zoom_down * (static_cast<double>(row) - middle_row);
      const double zoomed_right = warp.zoom_right * (static_cast<double>(col) - middle_col);
      const double down =
          zoomed_down - std::sin(radians(warp.shear)) * zoomed_right + warp.down * height;
      const double right = std::cos(radians(warp.shear)) * zoomed_right + warp.right * width;
      result(row, col) = pixel(middle_row + cosine * down - sine * right,
                               middle_col + sine * down + cosine * right);
    }
  }
  return clipped(result);
}

// The published windows, of an image of this size.
inline Index shuffled_side(double published, Index height, Index width) {
  constexpr double published_size = 28;
  const double scale = std::min(1.0, static_cast<double>(std::min(height, width)) / published_size);
  return std::max<Index>(2, static_cast<Index>(std::lround(published * scale)));
}

inline Warp random_warp(std::size_t intensity, SampleStream& random) {
  constexpr std::array<double, intensities> degrees{1, 5, 7, 10, 12.5, 25};
  constexpr std::array<double, intensities> shifts{0.01, 0.05, 0.075, 0.1, 0.12, 0.15};
  constexpr std::array<double, intensities> distortions{0, 0.01, 0.02, 0.04, 0.06, 0.12};
  Warp warp;
  warp.rotation = between(degrees[intensity], random);
  warp.down = between(shifts[intensity], random);
  warp.right = between(shifts[intensity], random);
  // In degrees as published, and so hardly to be seen.
  warp.shear = between(distortions[intensity], random);
  warp.zoom_down = 1 + between(distortions[intensity], random);
  warp.zoom_right = 1 + between(distortions[intensity], random);
  return warp;
}

inline Image corrupted(const Image& image, Corruption corruption, std::size_t intensity,
                       SampleStream& random) {
  constexpr std::array<double, intensities> noises{25, 40, 55, 70, 85, 100};  // of 255
  constexpr std::array<double, intensities> shares{0.1, 0.2, 0.3, 0.4, 0.5, 0.6};
  constexpr std::array<double, intensities> sigmas{0.35, 0.4, 0.5, 0.6, 0.7, 0.8};
  constexpr std::array<double, intensities> sides{3, 5, 7, 11, 13, 17};
  switch (corruption) {
    case Corruption::gaussian_noise:
      return with_gaussian_noise(image, noises[intensity] / 255, random);
    case Corruption::uniform_noise:
      return with_uniform_noise(image, noises[intensity] / 255, random);
    case Corruption::salt_pepper_noise:
      return with_salt_and_pepper(image, shares[intensity], random);
    case Corruption::pixel_dropout:
      return with_dropout(image, shares[intensity], random);
    case Corruption::gaussian_blur:
      return blurred(image, sigmas[intensity]);
    case Corruption::pixel_shuffle:
      return shuffled(image, shuffled_side(sides[intensity], image.rows(), image.cols()), random);
    case Corruption::affine:
      return warped(image, random_warp(intensity, random));
  }
  return image;
}

// A seed that neighbours of the numbers share nothing with.
inline std::uint64_t mixed(std::uint64_t seed, const std::vector<std::uint64_t>& numbers) {
  seed = splitmix::mixed(seed);
  for (const std::uint64_t number : numbers) seed = splitmix::mixed(seed + number);
  return seed;
}

// Every row of images, pictures of height x width. intensity: 0 … 5. Throws std::invalid_argument
// for rows of another length and for an intensity that there is none of.
inline Image corrupted(const Image& images, Index height, Index width, Corruption corruption,
                       std::size_t intensity, std::uint64_t seed) {
  if (images.cols() != height * width) {
    throw std::invalid_argument("images of " + std::to_string(images.cols()) + " pixels are not " +
                                words::shape(height, width));
  }
  if (intensity >= intensities) {
    throw std::invalid_argument("intensities are 0 to 5, not " + std::to_string(intensity));
  }
  Image result(images.rows(), images.cols());
  std::exception_ptr failure;  // none may leave a thread
#ifdef _OPENMP
  const bool worth_threads = images.size() > 5000;  // fewer pixels take less than waking threads
#pragma omp parallel for schedule(dynamic) if (worth_threads)
#endif
  for (Index row = 0; row < images.rows(); ++row) {
    try {
      SampleStream random(mixed(seed, {static_cast<std::uint64_t>(corruption), intensity,
                                       static_cast<std::uint64_t>(row)}));
      const Image image = images.row(row).reshaped<Eigen::RowMajor>(height, width);
      result.row(row) =
          corrupted(image, corruption, intensity, random).template reshaped<Eigen::RowMajor>();
    } catch (...) {
#ifdef _OPENMP
#pragma omp critical(corruptions)
#endif
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
  return result;
}

}  // namespace corruptions
