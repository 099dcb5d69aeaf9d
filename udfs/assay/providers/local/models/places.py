"""Countries with their two-letter codes and usual other names, and the states of the US."""

from __future__ import annotations

_COUNTRIES = (
    "AF Afghanistan|AL Albania|DZ Algeria|AD Andorra|AO Angola|AR Argentina|AM Armenia"
    "|AU Australia|AT Austria,Österreich|AZ Azerbaijan|BS Bahamas|BH Bahrain|BD Bangladesh"
    "|BB Barbados|BY Belarus|BE Belgium,Belgique,België|BZ Belize|BJ Benin|BT Bhutan|BO Bolivia"
    "|BA Bosnia and Herzegovina,Bosnia|BW Botswana|BR Brazil,Brasil|BN Brunei|BG Bulgaria"
    "|BF Burkina Faso|BI Burundi|KH Cambodia|CM Cameroon|CA Canada|CV Cape Verde,Cabo Verde"
    "|CF Central African Republic|TD Chad|CL Chile|CN China|CO Colombia|KM Comoros|CG Congo"
    "|CR Costa Rica|HR Croatia,Hrvatska|CU Cuba|CY Cyprus|CZ Czechia,Czech Republic"
    "|DK Denmark,Danmark|DJ Djibouti|DM Dominica|DO Dominican Republic|EC Ecuador|EG Egypt"
    "|SV El Salvador|GQ Equatorial Guinea|ER Eritrea|EE Estonia|SZ Eswatini|ET Ethiopia|FJ Fiji"
    "|FI Finland,Suomi|FR France|GA Gabon|GM Gambia|GE Georgia|DE Germany,Deutschland|GH Ghana"
    "|GR Greece|GD Grenada|GT Guatemala|GN Guinea|GY Guyana|HT Haiti|HN Honduras|HK Hong Kong"
    "|HU Hungary|IS Iceland|IN India|ID Indonesia|IR Iran|IQ Iraq|IE Ireland,Éire|IL Israel"
    "|IT Italy,Italia|CI Ivory Coast,Côte d'Ivoire|JM Jamaica|JP Japan|JO Jordan|KZ Kazakhstan"
    "|KE Kenya|KI Kiribati|KW Kuwait|KG Kyrgyzstan|LA Laos|LV Latvia|LB Lebanon|LS Lesotho"
    "|LR Liberia|LY Libya|LI Liechtenstein|LT Lithuania|LU Luxembourg|MG Madagascar|MW Malawi"
    "|MY Malaysia|MV Maldives|ML Mali|MT Malta|MH Marshall Islands|MR Mauritania|MU Mauritius"
    "|MX Mexico,México|FM Micronesia|MD Moldova|MC Monaco|MN Mongolia|ME Montenegro|MA Morocco"
    "|MZ Mozambique|MM Myanmar,Burma|NA Namibia|NR Nauru|NP Nepal"
    "|NL Netherlands,The Netherlands,Holland,Nederland|NZ New Zealand|NI Nicaragua|NE Niger"
    "|NG Nigeria|KP North Korea|MK North Macedonia,Macedonia|NO Norway,Norge|OM Oman|PK Pakistan"
    "|PW Palau|PS Palestine|PA Panama|PG Papua New Guinea|PY Paraguay|PE Peru,Perú|PH Philippines"
    "|PL Poland,Polska|PT Portugal|PR Puerto Rico|QA Qatar|RO Romania|RU Russia,Russian Federation"
    "|RW Rwanda|KN Saint Kitts and Nevis|LC Saint Lucia|WS Samoa|SM San Marino|SA Saudi Arabia"
    "|SN Senegal|RS Serbia|SC Seychelles|SL Sierra Leone|SG Singapore|SK Slovakia|SI Slovenia"
    "|SB Solomon Islands|SO Somalia|ZA South Africa|KR South Korea,Korea|SS South Sudan"
    "|ES Spain,España|LK Sri Lanka|SD Sudan|SR Suriname|SE Sweden,Sverige"
    "|CH Switzerland,Schweiz,Suisse|SY Syria|TW Taiwan|TJ Tajikistan|TZ Tanzania|TH Thailand"
    "|TL Timor-Leste,East Timor|TG Togo|TO Tonga|TT Trinidad and Tobago|TN Tunisia"
    "|TR Turkey,Türkiye|TM Turkmenistan|TV Tuvalu|UG Uganda|UA Ukraine"
    "|AE United Arab Emirates,UAE"
    "|GB United Kingdom,UK,U.K.,Great Britain,England,Scotland,Wales,Northern Ireland"
    "|US United States,USA,U.S.A.,U.S.,United States of America,America|UY Uruguay|UZ Uzbekistan"
    "|VU Vanuatu|VA Vatican City|VE Venezuela|VN Vietnam,Viet Nam|YE Yemen|ZM Zambia|ZW Zimbabwe"
)

_STATES = (
    "AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut"
    "|DE Delaware|DC District of Columbia|FL Florida|GA Georgia|HI Hawaii|ID Idaho|IL Illinois"
    "|IN Indiana|IA Iowa|KS Kansas|KY Kentucky|LA Louisiana|ME Maine|MD Maryland"
    "|MA Massachusetts|MI Michigan|MN Minnesota|MS Mississippi|MO Missouri|MT Montana"
    "|NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York"
    "|NC North Carolina|ND North Dakota|OH Ohio|OK Oklahoma|OR Oregon|PA Pennsylvania"
    "|RI Rhode Island|SC South Carolina|SD South Dakota|TN Tennessee|TX Texas|UT Utah|VT Vermont"
    "|VA Virginia|WA Washington|WV West Virginia|WI Wisconsin|WY Wyoming"
)


def countries() -> dict[str, tuple[str, ...]]:
    """For each ISO 3166 code the country's names, the usual English one first."""
    return _parsed(_COUNTRIES)


def states() -> dict[str, tuple[str, ...]]:
    """For each postal code of a US state its name."""
    return _parsed(_STATES)


def country_names() -> dict[str, str]:
    """The usual English name for each lower-case code or name of a country."""
    listed = countries().items()
    names = {name.lower(): spellings[0] for _, spellings in listed for name in spellings}
    return names | {code.lower(): spellings[0] for code, spellings in listed}


def _parsed(table: str) -> dict[str, tuple[str, ...]]:
    rows = (row.split(" ", 1) for row in table.split("|"))
    return {code: tuple(names.split(",")) for code, names in rows}
