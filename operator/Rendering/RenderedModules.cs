using System.Collections.Immutable;
using Wagi.Modules.Problems;
using Wagi.Operator.Planning;

namespace Wagi.Operator.Rendering;

/// <summary>What a folder of manifests makes.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Problems">Everything that is wrong, by place.</param>
/// <param name="Report">The verdicts as a table, then the problems, for a person.</param>
internal sealed record RenderedModules(Plan Plan, ImmutableArray<Problem> Problems, string Report)
{
    /// <summary>Whether nothing was refused.</summary>
    public bool IsGood => !Problems.Any(problem => problem.Severity == ProblemSeverity.Error);
}
