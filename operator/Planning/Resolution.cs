namespace Wagi.Operator.Planning;

/// <summary>The answer to a <see cref="ResolutionRequest"/>.</summary>
public abstract record Resolution
{
    private Resolution()
    {
    }

    /// <summary>The tag's digest, <c>sha256:…</c>.</summary>
    public sealed record Found(string Digest) : Resolution;

    /// <summary>The registry gave no digest.</summary>
    /// <param name="Reason">One of <see cref="Wagi.Modules.Status.ModuleReason"/>.</param>
    /// <param name="Message">The cause in a sentence; holds no credential.</param>
    /// <param name="IsFinal">Whether trying again is of no use before somebody changes something.</param>
    public sealed record Failed(string Reason, string Message, bool IsFinal) : Resolution;
}
