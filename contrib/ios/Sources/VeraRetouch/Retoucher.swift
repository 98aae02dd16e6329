#if canImport(CoreML) && canImport(CoreImage)
import CoreImage
import CoreML
import CoreVideo
import Foundation
import VeraBundle

/// `tiny` on the phone: a photo to latents, latents to a cube, the cube to pictures.
@available(iOS 18, macOS 15, *)
public struct Retoucher {
    public static let sRGB = CGColorSpace(name: CGColorSpace.sRGB)!
    private static let side = 256

    private let store: ModelStore
    private let context: CIContext

    public init(_ store: ModelStore, context: CIContext = CIContext(options: [.workingColorSpace: Retoucher.sRGB])) {
        self.store = store
        self.context = context
    }

    /// Latents of a photo.
    /// - Parameters:
    ///   - photo: upright: EXIF orientation applied (`CIImage(contentsOf:options:)` with `.applyOrientationProperty`).
    ///   - style: a style vector, such as `bundle.styles().vector("dreamy, warm")`, or nil.
    public func plan(_ photo: CIImage, style: [Float]? = nil) async throws -> [Float] {
        let name = style == nil ? "tiny_auto" : "tiny_style"
        let model = try await store.model(name)
        var inputs: [String: Any] = ["image": MLFeatureValue(pixelBuffer: try picture(photo))]
        if let style { inputs["style"] = try MLMultiArray.of(style, shape: [1, style.count]) }
        let found = try await model.prediction(from: MLDictionaryFeatureProvider(dictionary: inputs))
        guard let latents = found.featureValue(for: "latents")?.multiArrayValue else {
            throw VeraError.incompatible("\(name) gave no latents. Verify the bundle.")
        }
        return latents.floats
    }

    /// The cube of latents, by a baker such as bake_ops_33 or bake_neural_64, or by the function `cube` of `renderer`.
    public func bake(
        _ latents: [Float], with baker: String = "bake_ops_33", function: String? = nil
    ) async throws -> Cube {
        let model = try await store.model(baker, function: function)
        let given = ["latents": try MLMultiArray.of(latents, shape: [1, latents.count])]
        let found = try await model.prediction(from: MLDictionaryFeatureProvider(dictionary: given))
        guard let cube = found.featureValue(for: "cube")?.multiArrayValue else {
            throw VeraError.incompatible("\(baker) gave no cube. Verify the bundle.")
        }
        return try Cube(n: cube.shape[0].intValue, values: cube.floats)
    }

    /// The whole photo as a square of 256 pixels, sRGB, 8 bits a channel.
    private func picture(_ photo: CIImage) throws -> CVPixelBuffer {
        var made: CVPixelBuffer?
        let side = Retoucher.side
        CVPixelBufferCreate(nil, side, side, kCVPixelFormatType_32BGRA, nil, &made)
        guard let made else { throw VeraError.invalid("no memory for a picture of \(side) pixels.") }
        let scale = CGAffineTransform(scaleX: CGFloat(side) / photo.extent.width, y: CGFloat(side) / photo.extent.height)
        let moved = photo.transformed(by: CGAffineTransform(translationX: -photo.extent.minX, y: -photo.extent.minY))
        // Averages before it samples, as the desktop's resizing does.
        let shrunk = moved.transformed(by: scale, highQualityDownsample: true)
        context.render(shrunk, to: made, bounds: CGRect(x: 0, y: 0, width: side, height: side), colorSpace: Retoucher.sRGB)
        return made
    }
}

extension CIImage {
    /// The picture through a cube, in sRGB whatever the picture's own space is.
    @available(iOS 18, macOS 15, *)
    public func retouched(by cube: Cube) throws -> CIImage {
        guard let filter = CIFilter(name: "CIColorCubeWithColorSpace") else {
            throw VeraError.incompatible("this system has no CIColorCubeWithColorSpace.")
        }
        filter.setValue(cube.n, forKey: "inputCubeDimension")
        filter.setValue(cube.values.withUnsafeBufferPointer { Data(buffer: $0) }, forKey: "inputCubeData")
        filter.setValue(Retoucher.sRGB, forKey: "inputColorSpace")
        filter.setValue(self, forKey: kCIInputImageKey)
        guard let found = filter.outputImage else { throw VeraError.invalid("the cube gave no picture.") }
        return found
    }
}
#endif
