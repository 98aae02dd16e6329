#if canImport(CoreML)
import CoreML
import VeraBundle

/// The language model of `vera`: embeddings in, hidden states out, keys and values kept in states.
///
/// Words come from swift-transformers, which reads tokenizer.json and tokenizer_config.json of the variant's folder.
@available(iOS 18, macOS 15, *)
public final class LanguageModel {
    private let prefill: MLModel
    private let step: MLModel
    private let state: MLState
    private let width: Int
    private var context: Context

    /// - Parameters:
    ///   - prefill, step: the functions of `decoder.mlpackage`; their weights are shared.
    ///   - width: of an embedding.
    ///   - capacity: tokens that the decoder's states hold.
    public init(prefill: MLModel, step: MLModel, width: Int, capacity: Int = Context.size) {
        self.prefill = prefill
        self.step = step
        self.width = width
        context = Context(capacity: capacity)
        // One state for both functions: they declare the same ones. Not verified on a device.
        state = step.makeState()
    }

    /// The hidden states of more tokens, row by row; beyond the capacity it throws.
    public func hidden(_ embeddings: [[Float]]) async throws -> [[Float]] {
        var found: [[Float]] = []
        for call in try context.take(embeddings.count) {
            switch call {
            case .prefill(let from, let count):
                let rows = embeddings[found.count..<found.count + count].flatMap { $0 }
                let padded = rows + [Float](repeating: 0, count: (Context.prefill - count) * width)
                let made = try await run(prefill, padded, rows: Context.prefill, from: from)
                found += (0..<count).map { Array(made[$0 * width..<($0 + 1) * width]) }
            case .step(let from):
                found.append(try await run(step, embeddings[found.count], rows: 1, from: from))
            }
        }
        return found
    }

    private func run(_ model: MLModel, _ values: [Float], rows: Int, from position: Int) async throws -> [Float] {
        let inputs: [String: Any] = [
            "embeddings": try MLMultiArray.of(values, shape: [1, rows, width], type: .float16),
            "position": try MLMultiArray.of([Float(position)], shape: [1], type: .int32),
        ]
        let made = try await model.prediction(from: MLDictionaryFeatureProvider(dictionary: inputs), using: state)
        guard let hidden = made.featureValue(for: "hidden")?.multiArrayValue else {
            throw VeraError.incompatible("the decoder gave no hidden states. Verify the bundle.")
        }
        return hidden.floats
    }
}
#endif
