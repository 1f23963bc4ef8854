# Install rules: written below.
