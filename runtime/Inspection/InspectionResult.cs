using System.Collections.Immutable;
using Wagi.Modules.Problems;

namespace Wagi.Runtime.Inspection;

/// <summary>What would come of serving a configuration file.</summary>
/// <param name="Modules">How many <c>[[module]]</c> the file has, usable or not.</param>
/// <param name="Problems">Everything found wrong, in the order of the file.</param>
/// <param name="Routes">What would be served, the most specific route first.</param>
internal sealed record InspectionResult(int Modules, ImmutableArray<Problem> Problems, ImmutableArray<InspectedRoute> Routes)
{
    /// <summary>How many problems keep an entry from being served.</summary>
    public int Errors => Problems.Count(problem => problem.Severity == ProblemSeverity.Error);
}
