#if canImport(AVFoundation) && canImport(Photos)
import AVFoundation
import CoreImage
import Photos
import VeraBundle

/// Videos and Live Photos: planned on one frame, every frame through the one cube, so that nothing flickers.
@available(iOS 18, macOS 15, *)
public enum Moving {
    /// A composition that shows a video through a cube.
    public static func composition(of asset: AVAsset, cube: Cube) async throws -> AVVideoComposition {
        try await AVMutableVideoComposition.videoComposition(with: asset) { request in
            do {
                request.finish(with: try request.sourceImage.retouched(by: cube), context: nil)
            } catch {
                request.finish(with: error)
            }
        }
    }

    /// Write a video through a cube; the file appears when it is whole.
    public static func export(_ asset: AVAsset, to url: URL, cube: Cube) async throws {
        guard let session = AVAssetExportSession(asset: asset, presetName: AVAssetExportPresetHighestQuality) else {
            throw VeraError.incompatible("this video cannot be exported.")
        }
        session.videoComposition = try await composition(of: asset, cube: cube)
        try await session.export(to: url, as: .mov)
    }

    /// Edit a Live Photo, still and frames alike.
    public static func edit(
        _ input: PHContentEditingInput, output: PHContentEditingOutput, cube: Cube
    ) async throws {
        guard let editing = PHLivePhotoEditingContext(livePhotoEditingInput: input) else {
            throw VeraError.invalid("this is no Live Photo.")
        }
        editing.frameProcessor = { frame, _ in try? frame.image.retouched(by: cube) }
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, Error>) in
            editing.saveLivePhoto(to: output, options: nil) { saved, error in
                if saved {
                    done.resume()
                } else {
                    done.resume(throwing: error ?? VeraError.invalid("the Live Photo could not be saved."))
                }
            }
        }
    }
}
#endif
