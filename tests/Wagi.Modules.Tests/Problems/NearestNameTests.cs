using Wagi.Modules.Problems;

namespace Wagi.Modules.Tests.Problems;

public sealed class NearestNameTests
{
    private static readonly string[] Names = ["route", "module", "timeout", "allowedHosts", "id"];

    [Theory]
    [InlineData("rout", "route")]
    [InlineData("MODULE", "module")]
    [InlineData("tiemout", "timeout")]
    [InlineData("AllowedHost", "allowedHosts")]
    [InlineData("memory", null)]
    [InlineData("xy", null)]
    public void Misspelling_LeadsToTheNearestName_WhateverItsCase(string text, string? name) => Assert.Equal(name, NearestName.Of(text, Names));
}
