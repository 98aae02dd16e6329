/// What is refused, with the value, the rule and the cure.
public enum VeraError: Error, Equatable, CustomStringConvertible {
    case tampered(String)
    case incompatible(String)
    case unknown(String)
    case invalid(String)

    public var description: String {
        switch self {
        case .tampered(let told), .incompatible(let told), .unknown(let told), .invalid(let told): return told
        }
    }
}
