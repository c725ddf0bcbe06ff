// What dgp-train learns from.
//
// in:  IDX files of images and of labels
// out: the images, in parts to train, to validate and to test; batches of them as columns
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dgp/concepts.hpp>
#include <dgp/io/idx.hpp>

#include "../white.hpp"
#include "options.hpp"
#include "perceptron.hpp"

namespace training {

using perceptron::Random;

// Images and labels as the files hold them.
struct Pictures {
  std::vector<std::uint8_t> pixels;  // image after image
  std::vector<std::uint8_t> labels;
  std::size_t pixels_per_image;

  std::size_t size() const { return labels.size(); }
};

inline Pictures read_pictures(const std::string& images_path, const std::string& labels_path) {
  dgp::io::IdxArray images = dgp::io::read_idx(images_path);
  dgp::io::IdxArray labels = dgp::io::read_idx(labels_path);
  if (images.shape.size() < 2) {
    throw std::runtime_error(images_path + ": a list of numbers, not of images");
  }
  if (labels.shape.size() != 1) {
    throw std::runtime_error(labels_path + ": not a list of labels");
  }
  const std::size_t count = labels.values.size();
  if (images.shape[0] != count) {
    throw std::runtime_error(labels_path + ": " + std::to_string(count) + " labels, but " +
                             images_path + " has " + std::to_string(images.shape[0]) + " images");
  }
  if (images.values.empty()) throw std::runtime_error(images_path + ": no pixels");
  const std::size_t pixels = images.values.size() / count;
  return {std::move(images.values), std::move(labels.values), pixels};
}

// The data set: what to learn from, and two parts to judge by.
struct Data {
  Pictures pictures;
  Pictures test_pictures;             // empty where the test images are among the others
  std::vector<std::size_t> training;  // numbers of images
  std::vector<std::size_t> validation;
  std::vector<std::size_t> test;
  float white;  // what pixels are divided by
  Index classes;

  const Pictures& tested() const { return test_pictures.size() > 0 ? test_pictures : pictures; }
};

inline std::uint8_t largest(const std::vector<std::uint8_t>& values) {
  return *std::max_element(values.begin(), values.end());
}

inline Data read_data(const Options& options) {
  Data data{read_pictures(options.images, options.labels), {}, {}, {}, {}, 0, 0};
  const std::uint8_t brightest = largest(data.pictures.pixels);
  if (brightest == 0) throw std::runtime_error(options.images + ": every pixel is 0");
  data.white = white::of(brightest, options.white);
  data.classes = largest(data.pictures.labels) + 1;
  const auto [least, most] =
      std::minmax_element(data.pictures.labels.begin(), data.pictures.labels.end());
  if (*least == *most) {
    throw std::runtime_error(options.labels + ": every label is " + std::to_string(*most) +
                             ", there is nothing to tell apart");
  }

  data.training.resize(data.pictures.size());
  std::iota(data.training.begin(), data.training.end(), std::size_t{0});
  Random random(options.seed, 0);
  random.shuffle(data.training);
  const auto split_off = [&](double share) {
    const auto count =
        static_cast<std::size_t>(std::round(share * static_cast<double>(data.training.size())));
    const auto first = data.training.end() - static_cast<std::ptrdiff_t>(count);
    std::vector<std::size_t> part(first, data.training.end());
    data.training.erase(first, data.training.end());
    return part;
  };
  if (options.test_images.empty()) {
    data.test = split_off(options.test_share);
  } else {
    data.test_pictures = read_pictures(options.test_images, options.test_labels);
    if (data.test_pictures.pixels_per_image != data.pictures.pixels_per_image) {
      throw std::runtime_error(options.test_images + ": images of " +
                               std::to_string(data.test_pictures.pixels_per_image) +
                               " pixels, but those of " + options.images + " have " +
                               std::to_string(data.pictures.pixels_per_image));
    }
    if (largest(data.test_pictures.labels) >= data.classes) {
      throw std::runtime_error(options.test_labels + ": label " +
                               std::to_string(largest(data.test_pictures.labels)) +
                               " is above all of " + options.labels);
    }
    data.test.resize(data.test_pictures.size());
    std::iota(data.test.begin(), data.test.end(), std::size_t{0});
  }
  data.validation = split_off(options.validation_share);
  if (data.training.size() < 2 || data.validation.empty() || data.test.empty()) {
    throw std::runtime_error(options.images + ": " + std::to_string(data.pictures.size()) +
                             " images are too few to train, validate and test");
  }
  return data;
}

using Batch = std::pair<perceptron::Matrix<float>, std::vector<Index>>;

// Some images as columns of values in [0, 1] (where none is above white), and their labels.
inline Batch gathered(const Pictures& pictures, const std::size_t* first, std::size_t count,
                      float white) {
  const auto pixels = static_cast<Index>(pictures.pixels_per_image);
  Batch batch{perceptron::Matrix<float>(pixels, static_cast<Index>(count)), {}};
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* image = pictures.pixels.data() + first[i] * pictures.pixels_per_image;
    for (Index pixel = 0; pixel < pixels; ++pixel) {
      batch.first(pixel, static_cast<Index>(i)) = static_cast<float>(image[pixel]) / white;
    }
    batch.second.push_back(pictures.labels[first[i]]);
  }
  return batch;
}

}  // namespace training
